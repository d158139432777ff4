-- The rows of a key range as one number: SHA-256 of each row, all of them XORed. 256 bits.
-- Why the row makes NULL visible, and lengths: see verify/remote.h. A row that is too long for max_allowed_packet is NULL
-- and would be left out; it becomes another number each time instead, so that the rows themselves are looked at.
-- Privileges: SELECT
-- Parameters: row, bytes (verify/remote.h), table, index, range (sql/key_range.h)
-- Columns:    row_count, hash, bytes (NULL: no row)
SELECT COUNT(*) AS row_count, SUM(:{bytes!}) AS bytes,
       HEX(BIT_XOR(IFNULL(UNHEX(SHA2(:{row!}, 256)), UNHEX(SHA2(UUID_SHORT(), 256))))) AS hash
  FROM :{table!} FORCE INDEX (:{index!}) WHERE :{range!}
