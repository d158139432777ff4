-- What the oldest file of the binary log begins after.
-- Privileges: none.  Parameter: file.  Column: position
SELECT BINLOG_GTID_POS(:{file}, 4) AS position
