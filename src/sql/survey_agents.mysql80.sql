-- What other agents leave on a server: databases, tables, accounts, sessions, and who asks how replication is right now.
-- Tables are known by their statistics: information_schema hides what our account may not read.
-- Why not information_schema.PROCESSLIST: see app_sessions.
-- Privileges: SELECT on mysql, performance_schema.  Parameters: agent_databases! (literals), agent_accounts (a regular
-- expression), ours! (literals: our own account names)
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
UNION ALL SELECT 'session', CONVERT(MIN(CONCAT(PROCESSLIST_USER, '@', COALESCE(PROCESSLIST_HOST, ''))) USING utf8mb4),
    CONVERT(MIN(PROCESSLIST_TIME) USING utf8mb4), COUNT(*) FROM performance_schema.threads
WHERE PROCESSLIST_USER REGEXP :{agent_accounts} AND PROCESSLIST_USER NOT IN (:{ours!})
GROUP BY PROCESSLIST_USER, PROCESSLIST_HOST
UNION ALL SELECT 'asks', CONVERT(CONCAT(PROCESSLIST_USER, '@', COALESCE(PROCESSLIST_HOST, '')) USING utf8mb4),
    CONVERT(LEFT(PROCESSLIST_INFO, 200) USING utf8mb4), 1
FROM performance_schema.threads
WHERE UPPER(LEFT(PROCESSLIST_INFO, 200)) REGEXP '^(SHOW (ALL )?(SLAVES?|REPLICAS?) STATUS|SELECT @@(GLOBAL[.])?(SUPER_)?READ_ONLY)'
    AND PROCESSLIST_USER NOT IN (:{ours!});
