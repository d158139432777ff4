-- Every transaction this server holds: "everything up to here". The server breaks the lines of a long set.
-- Privileges: none.  Column: position
SELECT REPLACE(@@global.gtid_executed, '\n', '') AS position;
