-- What one database gives to tables that say nothing themselves; no row when it is absent.
-- Privileges: any on the database.  Parameter: database.  Columns: as selected
SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
  FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = :{database}
