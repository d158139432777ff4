-- What the functions and procedures of one database take and return (position 0).
-- Privileges: as objects_routines.  Parameter: database.  Columns: as selected
SELECT LOWER(ROUTINE_TYPE) AS KIND, SPECIFIC_NAME, ORDINAL_POSITION, PARAMETER_NAME, PARAMETER_MODE, DTD_IDENTIFIER,
       CHARACTER_SET_NAME, COLLATION_NAME
  FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = :{database}
