-- The rows of a key range as one number: 64 bits of the SHA-1 of each row, all of them XORed; BIT_XOR has no more here.
-- Why the row makes NULL visible, and lengths: see verify/remote.h. A row that is too long for max_allowed_packet is NULL
-- and would be left out; it becomes another number each time instead, so that the rows themselves are looked at.
-- Privileges: SELECT
-- Parameters: row, bytes (verify/remote.h), table, index, range (sql/key_range.h)
-- Columns:    row_count, hash, bytes (NULL: no row)
SELECT COUNT(*) AS row_count, SUM(:{bytes!}) AS bytes,
       HEX(BIT_XOR(IFNULL(CAST(CONV(LEFT(SHA1(:{row!}), 16), 16, 10) AS UNSIGNED), UUID_SHORT()))) AS hash
  FROM :{table!} FORCE INDEX (:{index!}) WHERE :{range!}
