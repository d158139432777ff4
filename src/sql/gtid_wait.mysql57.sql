-- Wait until this node has applied a position. Knows nothing of errors: ask link_status, too.
-- Why whole seconds, and at least one: this is what 5.7 promises, and a timeout of 0 would wait for ever.
-- Privileges: none.  Parameters: position, seconds# (rounded up).  Column: timed_out (0 reached, -1 timed out)
SELECT -WAIT_FOR_EXECUTED_GTID_SET(:{position}, GREATEST(CEILING(:{seconds#}), 1)) AS timed_out;
