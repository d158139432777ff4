-- The variables that a configuration file, an option or SET GLOBAL has set.
-- Privileges: none.  Columns: name, value (where from)
SELECT LOWER(VARIABLE_NAME) AS name, GLOBAL_VALUE_ORIGIN AS value FROM information_schema.SYSTEM_VARIABLES
WHERE GLOBAL_VALUE_ORIGIN IN ('CONFIG', 'ENV', 'SQL');
