-- The events of a database.
-- Privileges: EVENT.  Parameter: database.  Columns: as selected
SELECT 'EVENT' AS kind, EVENT_NAME AS name, CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation,
       SQL_MODE AS sql_mode, TIME_ZONE AS zone
  FROM information_schema.EVENTS WHERE EVENT_SCHEMA = :{database} ORDER BY EVENT_NAME
