-- Wait until this node has applied a position. Knows nothing of errors: ask link_status, too.
-- Why GREATEST: a timeout of 0 would wait for ever.
-- Privileges: none.  Parameters: position, seconds# (0.5 is fine).  Column: timed_out (0 reached, -1 timed out)
SELECT -WAIT_FOR_EXECUTED_GTID_SET(:{position}, GREATEST(:{seconds#}, 0.001)) AS timed_out;
