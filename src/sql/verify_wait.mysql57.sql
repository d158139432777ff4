-- Wait until the replica has applied a position.
-- Why whole seconds, and at least one: this is what 5.7 promises, and a timeout of 0 would wait for ever.
-- Privileges: none
-- Parameters: position, seconds
-- Columns:    reached: 0 yes, -1 not within the time. Says nothing about a link that stopped.
SELECT -WAIT_FOR_EXECUTED_GTID_SET(:{position}, GREATEST(CEILING(:{seconds!}), 1)) AS reached
