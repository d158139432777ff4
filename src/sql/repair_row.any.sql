-- One row by its key, held still; a key that no row has is held free.
-- Privileges: SELECT, and one of UPDATE, DELETE, LOCK TABLES.  Parameters: columns, table, index, range
-- Columns: as given
SELECT :{columns!} FROM :{table!} FORCE INDEX (:{index!}) WHERE :{range!} FOR UPDATE
