-- The CHECK constraints of one database.
-- Privileges: any on the tables.  Parameter: database.  Columns: as selected
SELECT t.TABLE_NAME AS TABLE_NAME, c.CONSTRAINT_NAME AS CONSTRAINT_NAME, c.CHECK_CLAUSE AS CHECK_CLAUSE,
       t.ENFORCED AS ENFORCED
  FROM information_schema.CHECK_CONSTRAINTS c
  JOIN information_schema.TABLE_CONSTRAINTS t
    ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
 WHERE c.CONSTRAINT_SCHEMA = :{database} AND t.CONSTRAINT_TYPE = 'CHECK'
