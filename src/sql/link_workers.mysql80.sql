-- The appliers of every channel: where an error has its text, and how late each one is.
-- Privileges: SELECT on performance_schema.  Rows: one for each applier, none when performance_schema is off
-- Columns: channel, worker, error_number (0: none), error_message, applying (the transaction in work, or the one that failed;
--          '' when idle), applied_original_us, applied_end_us: when the last applied transaction was committed where it
--          was made, and here; microseconds since 1970 by the clocks of those servers, NULL when there is none
SELECT CHANNEL_NAME AS channel, WORKER_ID AS worker, LAST_ERROR_NUMBER AS error_number,
    LAST_ERROR_MESSAGE AS error_message, COALESCE(APPLYING_TRANSACTION, '') AS applying,
    NULLIF(CAST(UNIX_TIMESTAMP(LAST_APPLIED_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP) * 1000000 AS SIGNED), 0)
        AS applied_original_us,
    NULLIF(CAST(UNIX_TIMESTAMP(LAST_APPLIED_TRANSACTION_END_APPLY_TIMESTAMP) * 1000000 AS SIGNED), 0) AS applied_end_us
FROM performance_schema.replication_applier_status_by_worker ORDER BY CHANNEL_NAME, WORKER_ID;
