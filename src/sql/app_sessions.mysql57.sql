-- Sessions of the application: not ours, not replication, not the server's own threads.
-- Privileges: PROCESS.  Parameter: ours! (literals: our own account names)
-- Columns: id, user, host, command, age_s (of the statement, or idle), state, info, has_transaction, rows_modified, transaction_s,
--          is_write (a statement that may write is running). Writers first, the oldest first
SELECT p.ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command, p.TIME AS age_s, COALESCE(p.STATE, '') AS state,
    COALESCE(LEFT(p.INFO, 255), '') AS info, t.trx_id IS NOT NULL AS has_transaction,
    COALESCE(t.trx_rows_modified, 0) AS rows_modified,
    COALESCE(TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), 0) AS transaction_s,
    p.COMMAND IN ('Query', 'Execute') AND COALESCE(LEFT(p.INFO, 1000), '') NOT REGEXP
        '^([[:space:](]|/[*]([^*]|[*]+[^*/])*[*]+/)*(select|show|explain|describe|desc|set|use|do|begin|start|commit|rollback|lock|unlock)[[:>:]]'
        AS is_write
FROM information_schema.PROCESSLIST p
LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
WHERE p.USER NOT IN ('system user', 'event_scheduler', 'unauthenticated user', 'mysql.session', 'mysql.infoschema', 'mysql.sys', :{ours!})
    AND p.COMMAND NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon')
ORDER BY is_write DESC, p.TIME DESC;
