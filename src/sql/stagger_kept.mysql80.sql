-- What the server has written down of AUTO_INCREMENT for its next start; 0 where nothing is.
-- Only: mysql (before 8.0, and on MariaDB, a server cannot write settings down)
-- Privileges: SELECT on performance_schema.  Columns: increment, offset
SELECT COALESCE(MAX(IF(VARIABLE_NAME = 'auto_increment_increment', CAST(VARIABLE_VALUE AS UNSIGNED), 0)), 0) AS `increment`,
    COALESCE(MAX(IF(VARIABLE_NAME = 'auto_increment_offset', CAST(VARIABLE_VALUE AS UNSIGNED), 0)), 0) AS `offset`
FROM performance_schema.persisted_variables WHERE VARIABLE_NAME IN ('auto_increment_increment', 'auto_increment_offset');
