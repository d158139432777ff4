-- How many statements that write this server has run since it started, all sessions together.
-- Privileges: none.  Column: writes (NULL when performance_schema is off)
SELECT CAST(SUM(VARIABLE_VALUE) AS UNSIGNED) AS writes FROM performance_schema.global_status
WHERE VARIABLE_NAME IN ('Com_insert', 'Com_insert_select', 'Com_update', 'Com_update_multi', 'Com_delete',
    'Com_delete_multi', 'Com_replace', 'Com_replace_select');
