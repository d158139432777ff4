-- Who a server is to those that read its binary log.
-- Privileges: none.  Columns: server_id, server_uuid
SELECT @@GLOBAL.server_id AS server_id, @@GLOBAL.server_uuid AS server_uuid
