-- Give the locked rows back.
-- Versions:   all          Privileges: none
-- Parameters: none
ROLLBACK
