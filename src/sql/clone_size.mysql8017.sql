-- What a clone of a server copies: all files of InnoDB but its redo log.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: PROCESS.  Columns: bytes
SELECT CAST(COALESCE(SUM(FILE_SIZE), 0) AS UNSIGNED) AS bytes FROM information_schema.INNODB_TABLESPACES
