-- How long this server has run, s: less than before means that it has restarted.
-- Privileges: none.  Column: uptime_s
SELECT CAST(VARIABLE_VALUE AS UNSIGNED) AS uptime_s FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME'
