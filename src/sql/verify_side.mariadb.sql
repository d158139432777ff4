-- What a side is: does it take writes, and which GTID domain is its own.
-- Versions:   MariaDB      Privileges: none
-- Parameters: none         Columns: is_open, gtid_domain
SELECT @@GLOBAL.read_only = 0 AS is_open, @@GLOBAL.gtid_domain_id AS gtid_domain
