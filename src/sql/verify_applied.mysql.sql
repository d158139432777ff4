-- How far a replica has applied.
-- Privileges: none.  Column: position
SELECT REPLACE(@@GLOBAL.gtid_executed, '\n', '') AS position
