-- Open transactions that changed or locked rows, known by the table locks that InnoDB gives each of them; and the asking
-- session, only when performance_schema is on and has lost no thread: without its row the answer proves nothing.
-- Why not information_schema.INNODB_TRX: see app_sessions. Unlike it, this is never a copy of a moment ago.
-- Privileges: SELECT on performance_schema.  Parameter: ours! (literals: our own account names)
-- Columns: id (0: prepared by XA, its session is gone), user, host, command, age_s, state, info, rows_modified (of how many
--          tables), rows_locked, transaction_s, is_self, is_alive (the session is there), is_app, is_replication
SELECT COALESCE(p.PROCESSLIST_ID, 0) AS id, COALESCE(p.PROCESSLIST_USER, '') AS user,
    COALESCE(p.PROCESSLIST_HOST, '') AS host, COALESCE(p.PROCESSLIST_COMMAND, '') AS command,
    COALESCE(p.PROCESSLIST_TIME, 0) AS age_s, COALESCE(p.PROCESSLIST_STATE, '') AS state,
    COALESCE(LEFT(p.PROCESSLIST_INFO, 255), '') AS info, w.changes AS rows_modified, w.locks AS rows_locked,
    COALESCE(FLOOR(e.TIMER_WAIT / 1000000000000), p.PROCESSLIST_TIME, 0) AS transaction_s,
    0 AS is_self, p.THREAD_ID IS NOT NULL AS is_alive,
    COALESCE(p.PROCESSLIST_USER, '') NOT IN ('', 'event_scheduler', 'unauthenticated user', 'mysql.session',
            'mysql.infoschema', 'mysql.sys', :{ours!})
        AND p.PROCESSLIST_COMMAND NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon')
        AND p.NAME NOT LIKE 'thread/sql/replica%' AND p.NAME NOT LIKE 'thread/sql/slave%' AS is_app,
    COALESCE(p.NAME LIKE 'thread/sql/replica%' OR p.NAME LIKE 'thread/sql/slave%', 0) AS is_replication
FROM (SELECT ENGINE_TRANSACTION_ID, MAX(THREAD_ID) AS THREAD_ID, COUNT(*) AS locks, SUM(LOCK_MODE <> 'IS') AS changes
    FROM performance_schema.data_locks WHERE LOCK_TYPE = 'TABLE' GROUP BY ENGINE_TRANSACTION_ID) w
LEFT JOIN performance_schema.threads p ON p.THREAD_ID = w.THREAD_ID
LEFT JOIN performance_schema.events_transactions_current e ON e.THREAD_ID = p.THREAD_ID AND e.STATE = 'ACTIVE'
UNION ALL
SELECT PROCESSLIST_ID, PROCESSLIST_USER, COALESCE(PROCESSLIST_HOST, ''), PROCESSLIST_COMMAND, PROCESSLIST_TIME, '', '', 0, 0, 0, 1, 1, 0, 0
FROM performance_schema.threads
WHERE PROCESSLIST_ID = CONNECTION_ID() AND (SELECT VARIABLE_VALUE = 0 FROM performance_schema.global_status
    WHERE VARIABLE_NAME = 'Performance_schema_thread_instances_lost');
