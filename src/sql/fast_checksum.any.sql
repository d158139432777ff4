-- The checksum of a table, as of the snapshot of the transaction; NULL when there is no such table.
-- Why EXTENDED: it reads the rows, whatever an engine may remember.
-- Privileges: SELECT.  Parameter: table
-- Columns: Checksum
CHECKSUM TABLE :{table!} EXTENDED
