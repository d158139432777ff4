-- Is the node closed, and how?
-- Privileges: SELECT on performance_schema (it keeps persisted_variables also when it is off).  Columns: read_only (0 or 1),
--             is_super (closed for administrators, too), is_whole (as read_only_set closes it), is_kept (it will be closed
--             after a restart)
SELECT @@global.read_only OR @@global.super_read_only AS read_only, @@global.super_read_only AS is_super,
    @@global.super_read_only AS is_whole,
    EXISTS (SELECT 1 FROM performance_schema.persisted_variables
        WHERE VARIABLE_NAME = 'super_read_only' AND VARIABLE_VALUE = 'ON') AS is_kept;
