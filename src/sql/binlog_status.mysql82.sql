-- The end of the binary log. No row when nothing is logged.
-- Privileges: REPLICATION CLIENT
-- Reads: file=File, position=Position, gtids=Executed_Gtid_Set
SHOW BINARY LOG STATUS;
