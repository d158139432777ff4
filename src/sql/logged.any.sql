-- Undo of unlogged: changes of this session are written to the binary log again.
-- Privileges: BINLOG ADMIN; MySQL: SYSTEM_VARIABLES_ADMIN (5.7: SUPER).  Repeat: safe
SET SESSION sql_log_bin = 1;
