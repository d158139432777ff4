-- What a repair through replication rests on: is there a binary log, how long may a statement be, and do links that end
-- here refuse statements.
-- Privileges: none.  Columns: is_logged, packet, is_row_only
SELECT @@GLOBAL.log_bin AS is_logged, @@SESSION.max_allowed_packet AS packet, 0 AS is_row_only
