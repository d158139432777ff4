-- The collations that a server knows. MariaDB leaves the character set away where a collation fits several.
-- Privileges: none.  Column: name
SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS;
