-- Begin a transaction in which rows are going to be locked.
-- Versions:   all          Privileges: none
-- Parameters: none
START TRANSACTION
