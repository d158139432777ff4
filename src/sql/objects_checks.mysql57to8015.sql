-- The CHECK constraints of one database: before 8.0.16 the server forgets them at once.
-- Privileges: none.  Parameter: database.  Columns: as selected
SELECT NULL AS TABLE_NAME, NULL AS CONSTRAINT_NAME, NULL AS CHECK_CLAUSE, NULL AS ENFORCED
  FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = :{database} AND FALSE
