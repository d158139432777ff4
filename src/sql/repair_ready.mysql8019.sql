-- What a repair through replication rests on: is there a binary log, how long may a statement be, and do links that end
-- here refuse statements.
-- Privileges: SELECT on performance_schema.  Columns: is_logged, packet, is_row_only
SELECT @@GLOBAL.log_bin AS is_logged, @@SESSION.max_allowed_packet AS packet,
       EXISTS (SELECT 1 FROM performance_schema.replication_applier_configuration WHERE REQUIRE_ROW_FORMAT = 'YES')
       AS is_row_only
