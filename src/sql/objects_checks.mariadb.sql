-- The CHECK constraints of one database.
-- Privileges: any on the tables.  Parameter: database.  Columns: as selected
SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, 'YES' AS ENFORCED
  FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = :{database}
 ORDER BY TABLE_NAME, CONSTRAINT_NAME
