-- Who is at work that a move has to know of: readers of the binary log, DDL, statements of more than a minute.
-- Of a statement only its first word is read: what follows may be a secret.
-- Privileges: PROCESS.  Parameter: ours! (literals: our own account names)
-- Columns: name (dump, ddl, long), value (the first word), example (user@host), uses (for how many seconds)
SELECT CASE WHEN p.COMMAND LIKE 'Binlog Dump%' THEN 'dump'
        WHEN p.INFO REGEXP '^[[:space:]]*(alter[[:space:]]+table|create.*[[:space:]]index|drop[[:space:]]+index|optimize|repair)[[:space:]]'
        THEN 'ddl' ELSE 'long' END AS name,
    COALESCE(LEFT(SUBSTRING_INDEX(LTRIM(p.INFO), ' ', 1), 20), '') AS value,
    CONCAT(p.USER, '@', SUBSTRING_INDEX(p.HOST, ':', 1)) AS example, p.TIME AS uses
FROM information_schema.PROCESSLIST p
WHERE (p.COMMAND LIKE 'Binlog Dump%' AND p.USER NOT IN (:{ours!}))
    OR (p.COMMAND IN ('Query', 'Execute') AND p.USER NOT IN ('system user', 'event_scheduler', 'unauthenticated user', :{ours!})
        AND (p.TIME > 60 OR p.INFO REGEXP
            '^[[:space:]]*(alter[[:space:]]+table|create.*[[:space:]]index|drop[[:space:]]+index|optimize|repair)[[:space:]]'));
