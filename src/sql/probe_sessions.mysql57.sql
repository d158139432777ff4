-- How many application sessions there are, how many of them hold writes in an open transaction, and since when.
-- Privileges: PROCESS.  Parameter: ours! (literals: our own account names).  Columns: sessions, transactions, oldest_s
SELECT COUNT(*) AS sessions, COALESCE(SUM(t.trx_rows_modified > 0), 0) AS transactions,
    COALESCE(MAX(IF(t.trx_rows_modified > 0, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), 0)), 0) AS oldest_s
FROM information_schema.PROCESSLIST p
LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
WHERE p.USER NOT IN ('system user', 'event_scheduler', 'unauthenticated user', 'mysql.session', 'mysql.infoschema', 'mysql.sys', :{ours!})
    AND p.COMMAND NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon');
