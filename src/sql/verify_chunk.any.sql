-- The rows of a key range, in key order.
-- Versions:   all          Privileges: SELECT
-- Parameters: columns, table, index, range, order, limit (see sql/key_range.h)
-- Columns:    the table's, then those of the key
SELECT :{columns!} FROM :{table!} FORCE INDEX (:{index!}) WHERE :{range!} ORDER BY :{order!} LIMIT :{limit#}
