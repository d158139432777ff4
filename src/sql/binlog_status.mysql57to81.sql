-- The end of the binary log. No row when nothing is logged.
-- Privileges: REPLICATION CLIENT
-- Reads: file=File, position=Position, gtids=Executed_Gtid_Set, do_db=Binlog_Do_DB, ignore_db=Binlog_Ignore_DB
SHOW MASTER STATUS;
