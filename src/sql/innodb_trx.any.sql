-- Transactions that InnoDB has open. The server refreshes this view at most ten times a second.
-- Privileges: PROCESS.  Columns: thread_id (0: prepared by XA, its session may be gone), rows_modified, age_s, state
SELECT trx_mysql_thread_id AS thread_id, trx_rows_modified AS rows_modified,
    TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS age_s, trx_state AS state
FROM information_schema.INNODB_TRX;
