-- What this session changes from here on stays on this node: it is not written to the binary log.
-- Privileges: BINLOG ADMIN.  Repeat: safe
SET SESSION sql_log_bin = 0;
