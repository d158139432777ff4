-- The rows of a key range, in key order, with shared locks on them and on the gaps between.
-- Versions:   all          Privileges: SELECT and one of UPDATE, DELETE, LOCK TABLES
-- Parameters: columns, table, index, range, order, limit (see sql/key_range.h)
-- Columns:    the table's, then those of the key
SELECT :{columns!} FROM :{table!} FORCE INDEX (:{index!}) WHERE :{range!} ORDER BY :{order!} LIMIT :{limit#}
  LOCK IN SHARE MODE
