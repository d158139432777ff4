-- Open a node. What read_only_set wrote down for the next start stays: read_only_forget takes it away.
-- Privileges: SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN (5.7: SUPER).  Repeat: safe
SET GLOBAL super_read_only = 0, GLOBAL read_only = 0;
