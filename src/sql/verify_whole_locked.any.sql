-- All rows of a table that has no key, in no order, with shared locks on them.
-- Versions:   all          Privileges: SELECT and one of UPDATE, DELETE, LOCK TABLES
-- Parameters: columns, table
SELECT :{columns!} FROM :{table!} LOCK IN SHARE MODE
