-- What a side is: does it take writes, and who numbers its transactions (its UUID).
-- Privileges: none.  Columns: is_open, origin
SELECT @@GLOBAL.read_only = 0 AND @@GLOBAL.super_read_only = 0 AS is_open, @@GLOBAL.server_uuid AS origin
