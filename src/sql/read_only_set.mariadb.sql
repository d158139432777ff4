-- Close a node for everybody without READ ONLY ADMIN. Waits for running writes and for LOCK TABLES WRITE, and while it waits
-- every other writer stalls: run it with a small lock_wait_timeout (1205 means that it gave way and nothing changed).
-- Privileges: READ ONLY ADMIN.  Repeat: safe
SET GLOBAL read_only = 1;
