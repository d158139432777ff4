-- The tables of one database with what can be compared of them; views are left out.
-- Privileges: any on the tables.  Parameter: database
-- Columns: as selected; TABLE_ROWS and DATA_LENGTH are estimates
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_ROWS, DATA_LENGTH
  FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = :{database} AND TABLE_TYPE <> 'VIEW'
 ORDER BY TABLE_NAME
