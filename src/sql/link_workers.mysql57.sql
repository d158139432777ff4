-- The appliers of every channel: where an error has its text. 5.7 does not say when a transaction was made.
-- Privileges: SELECT on performance_schema.  Rows: one for each applier, none when performance_schema is off
-- Columns: channel, worker, error_number (0: none), error_message, applying (the transaction in work, or the one that failed;
--          '' when idle), applied_original_us, applied_end_us: when the last applied transaction was committed where it
--          was made, and here; microseconds since 1970 by the clocks of those servers, NULL when there is none
SELECT CHANNEL_NAME AS channel, WORKER_ID AS worker, LAST_ERROR_NUMBER AS error_number,
    LAST_ERROR_MESSAGE AS error_message, COALESCE(LAST_SEEN_TRANSACTION, '') AS applying, NULL AS applied_original_us,
    NULL AS applied_end_us
FROM performance_schema.replication_applier_status_by_worker ORDER BY CHANNEL_NAME, WORKER_ID;
