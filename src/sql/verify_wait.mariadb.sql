-- Wait until the replica has applied a position.
-- Versions:   MariaDB      Privileges: none
-- Parameters: position, seconds
-- Columns:    reached: 0 yes, -1 not within the time. Says nothing about a link that stopped.
SELECT MASTER_GTID_WAIT(:{position}, :{seconds!}) AS reached
