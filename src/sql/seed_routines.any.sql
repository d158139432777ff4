-- The functions, procedures and packages of a database.
-- Privileges: to see those of others: SELECT on mysql.proc; MySQL 8.0.20 and later: SHOW_ROUTINE.  Parameter: database.  Columns: as selected
SELECT ROUTINE_TYPE AS kind, ROUTINE_NAME AS name, CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation,
       SQL_MODE AS sql_mode, '+00:00' AS zone
  FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = :{database}
 ORDER BY FIELD(ROUTINE_TYPE, 'PACKAGE', 'PACKAGE BODY', 'FUNCTION', 'PROCEDURE'), ROUTINE_NAME
