-- How many rows this session has read in scans: before and after a checksum that tells the number of its rows, less one.
-- Privileges: none
-- Columns: Variable_name, Value
SHOW SESSION STATUS LIKE 'Handler_read_rnd_next'
