-- The variables that a configuration file, an option or SET PERSIST has set: what is there again after a restart.
-- Privileges: SELECT on performance_schema.  Columns: name, value (where from)
SELECT LOWER(VARIABLE_NAME) AS name, VARIABLE_SOURCE AS value FROM performance_schema.variables_info
WHERE VARIABLE_SOURCE NOT IN ('COMPILED', 'DYNAMIC');
