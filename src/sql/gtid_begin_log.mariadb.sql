-- Let an empty binary log say where it begins: a replica that asks for exactly this position, with gtid_strict_mode, is
-- then given what follows it, at whatever time it connects.
-- Privileges: BINLOG ADMIN or SUPER; nothing may have been logged since RESET MASTER.  Parameter: position.
-- Repeat: after RESET MASTER only
SET GLOBAL gtid_binlog_state = :{position};
