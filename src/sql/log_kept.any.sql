-- After how long a server deletes files of its binary log by itself; not all servers have all three.
-- Privileges: none.  Columns: Variable_name, Value
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_expire_logs_auto_purge', 'binlog_expire_logs_seconds', 'expire_logs_days');
