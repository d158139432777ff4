-- The ends of a table by the first column of its key.
-- Privileges: SELECT.  Parameters: column!, table! (quoted).  Columns: low, high; NULL when the table is empty
SELECT MIN(:{column!}) AS low, MAX(:{column!}) AS high FROM :{table!}
