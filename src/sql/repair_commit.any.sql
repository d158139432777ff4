-- End a transaction that wrote.
-- Privileges: none
COMMIT
