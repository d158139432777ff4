-- A restart no longer closes this node.
-- Privileges: SYSTEM_VARIABLES_ADMIN, PERSIST_RO_VARIABLES_ADMIN is not needed.  Repeat: safe (a warning)
RESET PERSIST IF EXISTS super_read_only;
