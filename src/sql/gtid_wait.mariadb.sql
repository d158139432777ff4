-- Wait until this node has applied a position as a replica. Knows nothing of errors: ask link_status, too.
-- Privileges: none.  Parameters: position, seconds# (0.5 is fine).  Column: timed_out (0 reached, -1 timed out)
SELECT MASTER_GTID_WAIT(:{position}, :{seconds#}) AS timed_out;
