-- The columns of all tables and views of one database, in order.
-- Versions:   all          Privileges: any on the tables
-- Parameters: database
-- Columns:    as selected; GENERATION_EXPRESSION is NULL or '' unless the column is generated
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME,
       COLLATION_NAME, EXTRA, GENERATION_EXPRESSION
  FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = :{database}
 ORDER BY TABLE_NAME, ORDINAL_POSITION
