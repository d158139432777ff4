-- Locking reads must lock the gaps as well: no row may appear in a range that is being compared.
-- Versions:   all          Privileges: none
-- Parameters: none
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ
