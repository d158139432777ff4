-- The variables that a configuration file, an option, SET PERSIST or SET GLOBAL has set.
-- Privileges: SELECT on performance_schema.  Columns: name, value (where from)
SELECT LOWER(VARIABLE_NAME) AS name, VARIABLE_SOURCE AS value FROM performance_schema.variables_info
WHERE VARIABLE_SOURCE <> 'COMPILED';
