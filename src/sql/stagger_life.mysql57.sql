-- Since when the server runs, and whether the increments of AUTO_INCREMENT are those it began with: 5.7 does not tell.
-- Privileges: SELECT on performance_schema.  Columns: started (s since 1970, by the server's clock), is_from_start
SELECT UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS UNSIGNED) AS started, 0 AS is_from_start
FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime'
