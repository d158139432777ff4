-- Close a node for everybody; a restart opens it again. Waits for running writes and for LOCK TABLES WRITE, and while it
-- waits every other writer stalls: run it with a small lock_wait_timeout (1205 means that it gave way and nothing changed).
-- read_only comes with it.
-- Privileges: SUPER.  Repeat: safe
SET GLOBAL super_read_only = 1;
