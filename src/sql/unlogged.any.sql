-- What this session changes from here on stays on this node: it is not written to the binary log.
-- Privileges: BINLOG ADMIN; MySQL: SYSTEM_VARIABLES_ADMIN (5.7: SUPER).  Repeat: safe
SET SESSION sql_log_bin = 0;
