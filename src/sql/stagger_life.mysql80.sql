-- Since when the server runs, and whether the increments of AUTO_INCREMENT are those it began with: then every session has them.
-- Privileges: SELECT on performance_schema.  Columns: started (s since 1970, by the server's clock), is_from_start
SELECT UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS UNSIGNED) AS started, NOT EXISTS (
    SELECT 1 FROM performance_schema.variables_info
    WHERE VARIABLE_NAME IN ('auto_increment_increment', 'auto_increment_offset') AND VARIABLE_SOURCE = 'DYNAMIC') AS is_from_start
FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime'
