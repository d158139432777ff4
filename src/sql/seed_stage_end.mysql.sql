-- Let commits go on. DDL is held until the connection is closed, which ends both.
-- Privileges: none
UNLOCK TABLES
