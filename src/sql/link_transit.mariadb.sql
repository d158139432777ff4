-- The true lag of a channel: never a row, heartbeats measure it.
-- Privileges: none
-- Columns: channel, received (every transaction of this channel since its relay log began), heartbeat_age_us (since the
--          source's last sign of life, which comes only while it is idle), queueing_original_us (what is being received),
--          queued_original_us (the last received), applying_original_us (the oldest in work), applied_original_us (the
--          newest applied): when that transaction was committed where it was made, microseconds since 1970 by that
--          server's clock, NULL when there is none; is_ordered (commits keep the order they had at their source)
SELECT '' AS channel, '' AS received, NULL AS heartbeat_age_us, NULL AS queueing_original_us, NULL AS queued_original_us,
    NULL AS applying_original_us, NULL AS applied_original_us,
    FALSE AS is_ordered
FROM DUAL WHERE FALSE;
