-- What connected programs call themselves, and what sessions that are still there have lately said about read_only or links.
-- Empty where performance_schema is off, or keeps no history of statements.
-- Privileges: SELECT on performance_schema.  Parameters: agent_programs (a regular expression), ours! (literals: our own
-- account names)
-- Columns: name (kind of trace), example (user@host), value (what it calls itself, or has said), uses
SELECT 'program' AS name, CONCAT(t.PROCESSLIST_USER, '@', COALESCE(t.PROCESSLIST_HOST, '')) AS example,
    a.ATTR_VALUE AS value, COUNT(*) AS uses
FROM performance_schema.session_connect_attrs a JOIN performance_schema.threads t ON t.PROCESSLIST_ID = a.PROCESSLIST_ID
WHERE a.ATTR_NAME = 'program_name' AND a.ATTR_VALUE REGEXP :{agent_programs} AND t.PROCESSLIST_USER NOT IN (:{ours!})
GROUP BY t.PROCESSLIST_USER, t.PROCESSLIST_HOST, a.ATTR_VALUE
UNION ALL
SELECT 'statement', CONCAT(t.PROCESSLIST_USER, '@', COALESCE(t.PROCESSLIST_HOST, '')), LEFT(h.SQL_TEXT, 100), COUNT(*)
FROM performance_schema.events_statements_history h JOIN performance_schema.threads t ON t.THREAD_ID = h.THREAD_ID
WHERE UPPER(LEFT(h.SQL_TEXT, 100)) REGEXP '^SET +(GLOBAL|PERSIST|@@GLOBAL[.]|@@PERSIST[.]).*READ_ONLY|^(STOP|START|RESET) +(ALL +)?(SLAVES?|REPLICA)'
    AND t.PROCESSLIST_USER NOT IN (:{ours!})
GROUP BY t.PROCESSLIST_USER, t.PROCESSLIST_HOST, LEFT(h.SQL_TEXT, 100);
