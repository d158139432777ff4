-- After how long a server deletes files of its binary log by itself; 0: never.
-- Privileges: none.  Column: seconds
SELECT CAST(@@global.expire_logs_days * 86400 AS SIGNED) AS seconds
