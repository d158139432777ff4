-- What a side is: does it take writes, and who numbers its transactions (its GTID domain).
-- Versions:   MariaDB      Privileges: none
-- Parameters: none         Columns: is_open, origin
SELECT @@GLOBAL.read_only = 0 AS is_open, @@GLOBAL.gtid_domain_id AS origin
