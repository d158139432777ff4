-- How many statements that write this server has run since it started, all sessions together, and when that was.
-- Privileges: none.  Columns: uptime_s, writes (NULL when performance_schema is off)
SELECT CAST(SUM(IF(VARIABLE_NAME = 'Uptime', VARIABLE_VALUE, 0)) AS UNSIGNED) AS uptime_s,
    CAST(SUM(IF(VARIABLE_NAME = 'Uptime', 0, VARIABLE_VALUE)) AS UNSIGNED) AS writes FROM performance_schema.global_status
WHERE VARIABLE_NAME IN ('Uptime', 'Com_insert', 'Com_insert_select', 'Com_update', 'Com_update_multi', 'Com_delete',
    'Com_delete_multi', 'Com_replace', 'Com_replace_select');
