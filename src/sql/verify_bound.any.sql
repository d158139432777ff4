-- The key that lies some rows behind another one: where a table is cut into spans.
-- Versions:   all          Privileges: SELECT
-- Parameters: columns, table, index, range, order (see sql/key_range.h), offset
-- Columns:    as given; no row when there are not that many
SELECT :{columns!} FROM :{table!} FORCE INDEX (:{index!}) WHERE :{range!} ORDER BY :{order!} LIMIT :{offset#}, 1
