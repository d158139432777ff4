-- Sessions of the application: not ours, not replication, not the server's own threads.
-- Why not information_schema.PROCESSLIST and INNODB_TRX: while any session runs a statement with a character of four
-- bytes, both fail as a whole with error 3854 (seen on 9.7). Here a transaction that changes rows is known by its table
-- locks. Empty when performance_schema is off: probe_sessions notices that.
-- Privileges: SELECT on performance_schema.  Parameter: ours! (literals: our own account names)
-- Columns: id, user, host, command, age_s (of the statement, or idle), state, info, has_transaction, rows_modified (of how
--          many tables), transaction_s, is_write (a statement that may write is running). Writers first, the oldest first
SELECT p.PROCESSLIST_ID AS id, p.PROCESSLIST_USER AS user, COALESCE(p.PROCESSLIST_HOST, '') AS host,
    p.PROCESSLIST_COMMAND AS command, p.PROCESSLIST_TIME AS age_s, COALESCE(p.PROCESSLIST_STATE, '') AS state,
    COALESCE(LEFT(p.PROCESSLIST_INFO, 255), '') AS info, w.locks IS NOT NULL AS has_transaction,
    COALESCE(w.changes, 0) AS rows_modified,
    IF(w.locks IS NULL, 0, COALESCE(FLOOR(e.TIMER_WAIT / 1000000000000), p.PROCESSLIST_TIME)) AS transaction_s,
    p.PROCESSLIST_COMMAND IN ('Query', 'Execute') AND COALESCE(LEFT(p.PROCESSLIST_INFO, 1000), '') NOT REGEXP
        '^([[:space:](]|/[*]([^*]|[*]+[^*/])*[*]+/)*(select|show|explain|describe|desc|set|use|do|begin|start|commit|rollback|lock|unlock)\\b'
        AS is_write
FROM performance_schema.threads p
LEFT JOIN (SELECT THREAD_ID, COUNT(*) AS locks, SUM(LOCK_MODE <> 'IS') AS changes FROM performance_schema.data_locks
    WHERE LOCK_TYPE = 'TABLE' GROUP BY THREAD_ID) w ON w.THREAD_ID = p.THREAD_ID
LEFT JOIN performance_schema.events_transactions_current e ON e.THREAD_ID = p.THREAD_ID AND e.STATE = 'ACTIVE'
WHERE p.PROCESSLIST_ID IS NOT NULL
    AND p.PROCESSLIST_USER NOT IN ('event_scheduler', 'unauthenticated user', 'mysql.session', 'mysql.infoschema', 'mysql.sys', :{ours!})
    AND p.PROCESSLIST_COMMAND NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon')
    AND p.NAME NOT LIKE 'thread/sql/replica%' AND p.NAME NOT LIKE 'thread/sql/slave%'
ORDER BY is_write DESC, p.PROCESSLIST_TIME DESC;
