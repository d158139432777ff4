-- The true lag of a channel: never a row, heartbeats measure it.
-- Privileges: none
-- Columns: channel, received (every transaction of this channel since its relay log began), heartbeat_age_us (since the
--          source's last sign of life, which comes only while it is idle), and in microseconds since 1970 by the clock of
--          the server that made the transaction: queueing_original_us (it is being received), queued_original_us (the last
--          one received), applying_original_us (the oldest in work), applied_original_us (the newest applied). Each is NULL
--          when there is none
SELECT '' AS channel, '' AS received, NULL AS heartbeat_age_us, NULL AS queueing_original_us, NULL AS queued_original_us,
    NULL AS applying_original_us, NULL AS applied_original_us
FROM DUAL WHERE FALSE;
