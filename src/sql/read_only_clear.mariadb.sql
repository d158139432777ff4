-- Open a node.
-- Privileges: READ ONLY ADMIN.  Repeat: safe
SET GLOBAL read_only = 0;
