-- How far a replica has applied.
-- Versions:   MariaDB      Privileges: none
-- Parameters: none         Columns: position
SELECT @@GLOBAL.gtid_slave_pos AS position
