-- After how long a server deletes files of its binary log by itself; 0: never.
-- Privileges: none.  Column: seconds
SELECT @@global.binlog_expire_logs_seconds AS seconds
