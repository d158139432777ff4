-- What other agents leave on a server: databases, tables, accounts, sessions, and who asks how replication is right now.
-- Tables are known by their statistics: information_schema hides what our account may not read.
-- Privileges: PROCESS, SELECT on mysql.  Parameters: agent_databases! (literals), agent_accounts (a regular expression),
-- ours! (literals: our own account names)
-- Columns: name (kind of trace), example (the trace), value (of a table: when its statistics were made; of a session: seconds
-- since its last statement), uses
SELECT 'database' AS name, CONVERT(database_name USING utf8mb4) AS example, CONVERT(MAX(last_update) USING utf8mb4) AS value, 1 AS uses
FROM mysql.innodb_table_stats WHERE database_name IN (:{agent_databases!}) GROUP BY database_name
UNION ALL SELECT 'table', CONVERT(CONCAT(database_name, '.', table_name) USING utf8mb4), CONVERT(last_update USING utf8mb4), 1
FROM mysql.innodb_table_stats
WHERE (database_name = 'meta' AND table_name IN ('cluster', 'cluster_domain_name', 'pseudo_gtid_status'))
    OR (database_name = 'percona' AND table_name = 'heartbeat')
UNION ALL SELECT 'account', CONVERT(CONCAT(User, '@', Host) USING utf8mb4), '', 1 FROM mysql.user
WHERE User REGEXP :{agent_accounts} AND User NOT IN (:{ours!})
UNION ALL SELECT 'session', CONVERT(MIN(CONCAT(USER, '@', SUBSTRING_INDEX(HOST, ':', 1))) USING utf8mb4),
    CONVERT(MIN(TIME) USING utf8mb4), COUNT(*) FROM information_schema.PROCESSLIST
WHERE USER REGEXP :{agent_accounts} AND USER NOT IN (:{ours!})
GROUP BY USER, SUBSTRING_INDEX(HOST, ':', 1)
UNION ALL SELECT 'asks', CONVERT(CONCAT(USER, '@', SUBSTRING_INDEX(HOST, ':', 1)) USING utf8mb4),
    CONVERT(LEFT(INFO, 200) USING utf8mb4), 1
FROM information_schema.PROCESSLIST
WHERE UPPER(LEFT(INFO, 200)) REGEXP '^(SHOW (ALL )?(SLAVES?|REPLICAS?) STATUS|SELECT @@(GLOBAL[.])?(SUPER_)?READ_ONLY)' AND USER NOT IN (:{ours!});
