-- How many statements that write this server has run since it started, all sessions together, and when that was.
-- Privileges: none.  Columns: uptime_s, writes
SELECT CAST(SUM(IF(VARIABLE_NAME = 'UPTIME', VARIABLE_VALUE, 0)) AS UNSIGNED) AS uptime_s,
    CAST(SUM(IF(VARIABLE_NAME = 'UPTIME', 0, VARIABLE_VALUE)) AS UNSIGNED) AS writes FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME IN ('UPTIME', 'COM_INSERT', 'COM_INSERT_SELECT', 'COM_UPDATE', 'COM_UPDATE_MULTI', 'COM_DELETE',
    'COM_DELETE_MULTI', 'COM_REPLACE', 'COM_REPLACE_SELECT');
