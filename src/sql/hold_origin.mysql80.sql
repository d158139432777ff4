-- Where the value of super_read_only comes from: what a restart will do. Once persisted that decides, whatever a file says.
-- Privileges: SELECT on performance_schema.  Columns: origin (as MariaDB names it), value, path
SELECT CASE VARIABLE_SOURCE WHEN 'COMPILED' THEN 'COMPILE-TIME' WHEN 'DYNAMIC' THEN 'SQL' ELSE 'CONFIG' END AS origin,
    @@global.super_read_only AS value, VARIABLE_PATH AS path
FROM performance_schema.variables_info WHERE VARIABLE_NAME = 'super_read_only';
