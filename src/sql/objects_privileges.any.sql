-- The privileges that a server knows.
-- Privileges: none.  Column: Privilege
SHOW PRIVILEGES
