-- Since when the server runs, and whether the increments of AUTO_INCREMENT are those it began with: then every session has them.
-- Privileges: none.  Columns: started (s since 1970, by the server's clock), is_from_start
SELECT UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS UNSIGNED) AS started, NOT EXISTS (
    SELECT 1 FROM information_schema.SYSTEM_VARIABLES
    WHERE VARIABLE_NAME IN ('AUTO_INCREMENT_INCREMENT', 'AUTO_INCREMENT_OFFSET') AND GLOBAL_VALUE_ORIGIN = 'SQL') AS is_from_start
FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME'
