-- How many sessions wait for the end of a pulse: here there are none.
-- Privileges: none.  Columns: held
SELECT 0 AS held;
