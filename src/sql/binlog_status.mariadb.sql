-- The end of the binary log. No row when nothing is logged.
-- Privileges: BINLOG MONITOR
-- Reads: file=File, position=Position, gtids=
SHOW MASTER STATUS;
