-- Reads see one moment, and locking reads lock the gaps between rows as well, so that no row may appear there.
-- Privileges: none
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ
