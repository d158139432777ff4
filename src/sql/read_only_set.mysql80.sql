-- Close a node for everybody, and keep it closed when it restarts. Waits for running writes and for LOCK TABLES WRITE, and
-- while it waits every other writer stalls: run it with a small lock_wait_timeout (1205 means that it gave way and nothing
-- changed). read_only comes with it.
-- Privileges: SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN.  Repeat: safe
SET PERSIST super_read_only = 1;
