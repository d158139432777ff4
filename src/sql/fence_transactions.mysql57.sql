-- Open transactions that changed or locked rows, and the asking session's own one. INNODB_TRX is a copy that the server
-- renews only when nobody has read it for 0.1 s: the copy is fresh when the asking session's transaction is in it.
-- Privileges: PROCESS.  Parameter: ours! (literals: our own account names)
-- Columns: id (0: prepared by XA, its session is gone), user, host, command, age_s, state, info, rows_modified, rows_locked,
--          transaction_s, is_self, is_alive (the session is there), is_app, is_replication
SELECT t.trx_mysql_thread_id AS id, COALESCE(p.USER, '') AS user, COALESCE(p.HOST, '') AS host,
    COALESCE(p.COMMAND, '') AS command, COALESCE(p.TIME, 0) AS age_s, COALESCE(p.STATE, '') AS state,
    COALESCE(LEFT(p.INFO, 255), '') AS info, t.trx_rows_modified AS rows_modified, t.trx_rows_locked AS rows_locked,
    TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS transaction_s,
    t.trx_mysql_thread_id = CONNECTION_ID() AS is_self, p.ID IS NOT NULL AS is_alive,
    COALESCE(p.USER, '') NOT IN ('', 'system user', 'event_scheduler', 'unauthenticated user', 'mysql.session',
            'mysql.infoschema', 'mysql.sys', :{ours!})
        AND p.COMMAND NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon')
        AS is_app,
    COALESCE(p.USER, '') = 'system user' AS is_replication
FROM information_schema.INNODB_TRX t
LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
WHERE t.trx_rows_modified > 0 OR t.trx_rows_locked > 0 OR t.trx_mysql_thread_id = CONNECTION_ID();
