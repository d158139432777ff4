-- Is there still a session with this id?
-- Why not information_schema.PROCESSLIST: see app_sessions.
-- Privileges: SELECT on performance_schema.  Parameter: id#.  Column: alive (0 or 1)
SELECT COUNT(*) AS alive FROM performance_schema.threads WHERE PROCESSLIST_ID = :{id#};
