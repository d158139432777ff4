-- How many application sessions there are, how many of them hold writes in an open transaction, and since when.
-- Why not information_schema.PROCESSLIST and INNODB_TRX: see app_sessions.
-- Privileges: SELECT on performance_schema.  Parameter: ours! (literals: our own account names)
-- Columns: sessions (NULL: performance_schema is off, or has lost threads: nothing can be seen), transactions, oldest_s
SELECT IF(@@global.performance_schema AND (SELECT VARIABLE_VALUE = 0 FROM performance_schema.global_status
            WHERE VARIABLE_NAME = 'Performance_schema_thread_instances_lost'), COUNT(*), NULL) AS sessions,
    COUNT(w.THREAD_ID) AS transactions,
    COALESCE(MAX(IF(w.THREAD_ID IS NULL, 0, COALESCE(FLOOR(e.TIMER_WAIT / 1000000000000), p.PROCESSLIST_TIME))), 0) AS oldest_s
FROM performance_schema.threads p
LEFT JOIN (SELECT DISTINCT THREAD_ID FROM performance_schema.data_locks
    WHERE LOCK_TYPE = 'TABLE' AND LOCK_MODE <> 'IS') w ON w.THREAD_ID = p.THREAD_ID
LEFT JOIN performance_schema.events_transactions_current e ON e.THREAD_ID = p.THREAD_ID AND e.STATE = 'ACTIVE'
WHERE p.PROCESSLIST_ID IS NOT NULL
    AND p.PROCESSLIST_USER NOT IN ('event_scheduler', 'unauthenticated user', 'mysql.session', 'mysql.infoschema', 'mysql.sys', :{ours!})
    AND p.PROCESSLIST_COMMAND NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon')
    AND p.NAME NOT LIKE 'thread/sql/replica%' AND p.NAME NOT LIKE 'thread/sql/slave%';
