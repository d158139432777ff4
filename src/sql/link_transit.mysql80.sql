-- The true lag of a channel: when the transactions on their way were committed where they were made.
-- Privileges: SELECT on performance_schema.  Rows: one for each channel, none when performance_schema is off
-- Columns: channel, received (every transaction of this channel since its relay log began), heartbeat_age_us (since the
--          source's last sign of life, which comes only while it is idle), queueing_original_us (what is being received),
--          queued_original_us (the last received), applying_original_us (the oldest in work), applied_original_us (the
--          newest applied): when that transaction was committed where it was made, microseconds since 1970 by that
--          server's clock, NULL when there is none; is_ordered (commits keep the order they had at their source)
SELECT c.CHANNEL_NAME AS channel, REPLACE(c.RECEIVED_TRANSACTION_SET, '\n', '') AS received,
    IF(c.COUNT_RECEIVED_HEARTBEATS = 0, NULL, TIMESTAMPDIFF(MICROSECOND, c.LAST_HEARTBEAT_TIMESTAMP, SYSDATE(6)))
        AS heartbeat_age_us,
    NULLIF(CAST(UNIX_TIMESTAMP(c.QUEUEING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP) * 1000000 AS SIGNED), 0)
        AS queueing_original_us,
    NULLIF(CAST(UNIX_TIMESTAMP(c.LAST_QUEUED_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP) * 1000000 AS SIGNED), 0)
        AS queued_original_us,
    (SELECT MIN(NULLIF(CAST(UNIX_TIMESTAMP(w.APPLYING_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP) * 1000000 AS SIGNED), 0))
        FROM performance_schema.replication_applier_status_by_worker w WHERE w.CHANNEL_NAME = c.CHANNEL_NAME)
        AS applying_original_us,
    (SELECT MAX(NULLIF(CAST(UNIX_TIMESTAMP(w.LAST_APPLIED_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP) * 1000000 AS SIGNED), 0))
        FROM performance_schema.replication_applier_status_by_worker w WHERE w.CHANNEL_NAME = c.CHANNEL_NAME)
        AS applied_original_us,
    (SELECT COUNT(*) FROM performance_schema.replication_applier_status_by_worker w WHERE w.CHANNEL_NAME = c.CHANNEL_NAME) = 1
        OR EXISTS (SELECT 1 FROM performance_schema.global_variables WHERE VARIABLE_VALUE = 'ON'
            AND VARIABLE_NAME IN ('replica_preserve_commit_order', 'slave_preserve_commit_order')) AS is_ordered
FROM performance_schema.replication_connection_status c ORDER BY c.CHANNEL_NAME;
