-- All rows of a table that has no key, in no order.
-- Versions:   all          Privileges: SELECT
-- Parameters: columns, table
SELECT :{columns!} FROM :{table!}
