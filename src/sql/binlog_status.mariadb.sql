-- The end of the binary log. No row when nothing is logged.
-- Privileges: BINLOG MONITOR
-- Reads: file=File, position=Position, gtids=, do_db=Binlog_Do_DB, ignore_db=Binlog_Ignore_DB
SHOW MASTER STATUS;
