-- The columns of one database's foreign keys, in order, and what they refer to. A list of its own: joined to the rules, it
-- would be read once for each of them.
-- Versions:   all          Privileges: any on the tables
-- Parameters: database
-- Columns:    as selected
SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME,
       REFERENCED_COLUMN_NAME
  FROM information_schema.KEY_COLUMN_USAGE
 WHERE TABLE_SCHEMA = :{database} AND REFERENCED_TABLE_NAME IS NOT NULL
 ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION
