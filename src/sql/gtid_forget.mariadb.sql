-- Throw the binary log and its GTID state away. gtid_slave_pos stays. Replicas of this node must be reset, too.
-- Privileges: RELOAD.  Repeat: safe
RESET MASTER;
