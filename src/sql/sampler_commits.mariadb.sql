-- How many statements that write this server has run since it started, all sessions together.
-- Privileges: none.  Column: writes
SELECT CAST(SUM(VARIABLE_VALUE) AS UNSIGNED) AS writes FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME IN ('COM_INSERT', 'COM_INSERT_SELECT', 'COM_UPDATE', 'COM_UPDATE_MULTI', 'COM_DELETE',
    'COM_DELETE_MULTI', 'COM_REPLACE', 'COM_REPLACE_SELECT');
