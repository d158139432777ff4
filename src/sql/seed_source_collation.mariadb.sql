-- What a source means by a character set without a collation: MariaDB names the collation when it is not the built-in one.
-- Privileges: none.  Column: collation (of utf8mb4; '': the built-in one)
SELECT '' AS collation
