-- Who is at work that a move has to know of: readers of the binary log, DDL, statements of more than a minute.
-- Of a statement only its first word is read: what follows may be a secret. Why not information_schema.PROCESSLIST: it fails
-- as a whole while any session runs a statement with a character of four bytes (seen on 9.7).
-- Privileges: SELECT on performance_schema.  Parameter: ours! (literals: our own account names)
-- Columns: name (dump, ddl, long), value (the first word), example (user@host), uses (for how many seconds)
SELECT CASE WHEN p.PROCESSLIST_COMMAND LIKE 'Binlog Dump%' THEN 'dump'
        WHEN LEFT(p.PROCESSLIST_INFO, 200) REGEXP
            '^[[:space:]]*(alter[[:space:]]+table|create.*[[:space:]]index|drop[[:space:]]+index|optimize|repair)[[:space:]]'
        THEN 'ddl' ELSE 'long' END AS name,
    COALESCE(LEFT(SUBSTRING_INDEX(LTRIM(p.PROCESSLIST_INFO), ' ', 1), 20), '') AS value,
    CONCAT(p.PROCESSLIST_USER, '@', COALESCE(p.PROCESSLIST_HOST, '')) AS example, p.PROCESSLIST_TIME AS uses
FROM performance_schema.threads p
WHERE p.PROCESSLIST_ID IS NOT NULL AND ((p.PROCESSLIST_COMMAND LIKE 'Binlog Dump%' AND p.PROCESSLIST_USER NOT IN (:{ours!}))
    OR (p.PROCESSLIST_COMMAND IN ('Query', 'Execute') AND p.NAME NOT LIKE 'thread/sql/replica%' AND p.NAME NOT LIKE 'thread/sql/slave%'
        AND p.PROCESSLIST_USER NOT IN ('event_scheduler', 'unauthenticated user', 'mysql.session', 'mysql.sys', :{ours!})
        AND (p.PROCESSLIST_TIME > 60 OR LEFT(p.PROCESSLIST_INFO, 200) REGEXP
            '^[[:space:]]*(alter[[:space:]]+table|create.*[[:space:]]index|drop[[:space:]]+index|optimize|repair)[[:space:]]')));
