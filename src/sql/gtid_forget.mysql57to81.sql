-- Throw the binary log and every GTID away, those that were applied as well. Replicas of this node must be reset, too.
-- Privileges: RELOAD.  Repeat: safe
RESET MASTER;
