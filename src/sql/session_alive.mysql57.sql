-- Is there still a session with this id?
-- Privileges: PROCESS.  Parameter: id#.  Column: alive (0 or 1)
SELECT COUNT(*) AS alive FROM information_schema.PROCESSLIST WHERE ID = :{id#};
