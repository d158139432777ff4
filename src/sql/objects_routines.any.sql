-- The functions, procedures and packages of one database.
-- Privileges: to see those of others: SELECT on mysql.proc; MySQL 8.0.20 and later: SHOW_ROUTINE.  Parameter: database
-- Columns: as selected; ROUTINE_DEFINITION is NULL when it is not shown to us
SELECT LOWER(ROUTINE_TYPE) AS KIND, ROUTINE_NAME, DTD_IDENTIFIER, ROUTINE_DEFINITION, IS_DETERMINISTIC, SQL_DATA_ACCESS,
       SECURITY_TYPE, SQL_MODE, DEFINER, ROUTINE_COMMENT, CHARACTER_SET_CLIENT, COLLATION_CONNECTION
  FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = :{database}
