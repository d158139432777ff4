-- The foreign keys of one database's tables, and what a change of the row they refer to does.
-- Versions:   all          Privileges: any on the tables
-- Parameters: database
-- Columns:    as selected; the rules are CASCADE, SET NULL, SET DEFAULT, RESTRICT or NO ACTION
SELECT CONSTRAINT_SCHEMA AS TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE
  FROM information_schema.REFERENTIAL_CONSTRAINTS
 WHERE CONSTRAINT_SCHEMA = :{database}
 ORDER BY TABLE_NAME, CONSTRAINT_NAME
