-- How many transactions hold changes or locks, besides our own, which has to be seen: or the view is from before. Cheaper
-- than fence_transactions, which finds the same view if asked right after it.
-- Privileges: PROCESS.  Columns: is_self, holders
SELECT COALESCE(SUM(trx_mysql_thread_id = CONNECTION_ID()), 0) AS is_self,
    COALESCE(SUM(trx_mysql_thread_id <> CONNECTION_ID() AND (trx_rows_modified > 0 OR trx_rows_locked > 0)), 0) AS holders
FROM information_schema.INNODB_TRX;
