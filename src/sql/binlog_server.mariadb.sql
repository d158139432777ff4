-- Who a server is to those that read its binary log.
-- Versions:   MariaDB      Privileges: none
-- Parameters: none         Columns: server_id, server_uuid
SELECT @@GLOBAL.server_id AS server_id, '' AS server_uuid
