-- The views of a database.
-- Privileges: SHOW VIEW.  Parameter: database.  Columns: as selected
SELECT 'VIEW' AS kind, TABLE_NAME AS name, CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation,
       @@SESSION.sql_mode AS sql_mode, '+00:00' AS zone
  FROM information_schema.VIEWS WHERE TABLE_SCHEMA = :{database} ORDER BY TABLE_NAME
