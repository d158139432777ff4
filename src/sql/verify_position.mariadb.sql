-- The position of the source: everything visible to a read that ended before this one is in it.
-- Versions:   MariaDB      Privileges: none
-- Parameters: none         Columns: position
SELECT @@GLOBAL.gtid_binlog_pos AS position
