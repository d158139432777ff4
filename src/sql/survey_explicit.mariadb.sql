-- The variables that a configuration file or an option has set: what is there again after a restart.
-- Privileges: none.  Columns: name, value (where from)
SELECT LOWER(VARIABLE_NAME) AS name, GLOBAL_VALUE_ORIGIN AS value FROM information_schema.SYSTEM_VARIABLES
WHERE GLOBAL_VALUE_ORIGIN IN ('CONFIG', 'ENV');
