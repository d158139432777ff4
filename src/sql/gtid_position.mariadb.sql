-- The last transaction of each domain in the binary log: "everything up to here".
-- Privileges: none.  Column: position
SELECT @@global.gtid_binlog_pos AS position;
