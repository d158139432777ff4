-- The views of one database.
-- Privileges: SHOW VIEW.  Parameter: database.  Columns: as selected; VIEW_DEFINITION is '' when it is not shown to us
SELECT TABLE_NAME, DEFINER, SECURITY_TYPE, CHECK_OPTION, ALGORITHM, CHARACTER_SET_CLIENT, COLLATION_CONNECTION,
       VIEW_DEFINITION
  FROM information_schema.VIEWS WHERE TABLE_SCHEMA = :{database}
