-- The triggers of a database, in the order in which they fire.
-- Privileges: TRIGGER.  Parameter: database.  Columns: as selected
SELECT 'TRIGGER' AS kind, TRIGGER_NAME AS name, CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation,
       SQL_MODE AS sql_mode, '+00:00' AS zone
  FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = :{database}
 ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER
