-- Undo of unlogged: changes of this session are written to the binary log again.
-- Privileges: BINLOG ADMIN.  Repeat: safe
SET SESSION sql_log_bin = 1;
