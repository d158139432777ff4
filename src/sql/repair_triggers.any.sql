-- The tables of a database that have triggers.
-- Privileges: TRIGGER (without it nothing is seen).  Parameter: database.  Columns: table_name
SELECT DISTINCT EVENT_OBJECT_TABLE AS table_name FROM information_schema.TRIGGERS
 WHERE EVENT_OBJECT_SCHEMA = :{database}
