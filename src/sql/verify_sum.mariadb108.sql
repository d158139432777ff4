-- The rows of a key range as one number: the product of two CRCs of each row, all of them XORed. 64 bits.
-- Why a product: a CRC is linear, so the same change in two rows cancels out in an XOR of CRCs; in products it does not.
-- Why the row makes NULL visible, and lengths: see verify/remote.h. A row that is too long for max_allowed_packet is NULL
-- and would be left out; it becomes another number each time instead, so that the rows themselves are looked at.
-- Privileges: SELECT
-- Parameters: row, bytes (verify/remote.h), table, index, range (sql/key_range.h)
-- Columns:    row_count, hash, bytes (NULL: no row)
SELECT COUNT(*) AS row_count, SUM(:{bytes!}) AS bytes,
       HEX(BIT_XOR(IFNULL(CRC32(@cutover_row := :{row!}) * CRC32C(@cutover_row), UUID_SHORT()))) AS hash
  FROM :{table!} FORCE INDEX (:{index!}) WHERE :{range!}
