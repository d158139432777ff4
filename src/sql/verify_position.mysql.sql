-- The position of the source: everything visible to a read that ended before this one is in it.
-- Privileges: none.  Column: position
SELECT REPLACE(@@GLOBAL.gtid_executed, '\n', '') AS position
