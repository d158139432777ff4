-- The appliers of every channel: never a row, link_status has the text of an error.
-- Privileges: none
-- Columns: channel, worker, error_number (0: none), error_message, applying (the transaction in work, or the one that failed;
--          '' when idle), applied_original_us, applied_end_us: when the last applied transaction was committed where it
--          was made, and here; microseconds since 1970 by the clocks of those servers, NULL when there is none
SELECT '' AS channel, 0 AS worker, 0 AS error_number, '' AS error_message, '' AS applying, NULL AS applied_original_us,
    NULL AS applied_end_us
FROM DUAL WHERE FALSE;
