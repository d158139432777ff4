-- Transactions that changed rows and do not belong to a replication thread: none may be left behind a fence. Thread 0 is a
-- transaction prepared by XA whose session is gone.
-- Privileges: PROCESS.  Columns: id, user, host, command, age_s, state, info, rows_modified, transaction_s
SELECT t.trx_mysql_thread_id AS id, COALESCE(p.USER, '') AS user, COALESCE(p.HOST, '') AS host,
    COALESCE(p.COMMAND, '') AS command, COALESCE(p.TIME, 0) AS age_s, COALESCE(p.STATE, '') AS state,
    COALESCE(LEFT(p.INFO, 255), '') AS info, t.trx_rows_modified AS rows_modified,
    TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS transaction_s
FROM information_schema.INNODB_TRX t
LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
WHERE t.trx_rows_modified > 0 AND COALESCE(p.USER, '') <> 'system user';
