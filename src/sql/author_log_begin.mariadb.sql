-- What a file of the binary log begins after.
-- Privileges: none.  Parameter: file
-- Reads: position=position, type=
SELECT BINLOG_GTID_POS(:{file}, 4) AS position
