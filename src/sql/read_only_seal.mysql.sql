-- Close a node for administrators, too, until the next start. Waits as read_only_set does.
-- Privileges: SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN (5.7: SUPER).  Repeat: safe
SET GLOBAL super_read_only = 1;
