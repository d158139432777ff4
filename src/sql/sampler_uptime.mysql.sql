-- How long this server has run, s: less than before means that it has restarted.
-- Privileges: none.  Column: uptime_s
SELECT CAST(VARIABLE_VALUE AS UNSIGNED) AS uptime_s FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime'
