-- The collations of some databases, of their tables and of their columns.
-- Privileges: something on the databases.  Parameter: databases! (a list of literals)  Columns: name, uses, example
SELECT u.name AS name, COUNT(*) AS uses, MIN(u.example) AS example FROM (
    SELECT DEFAULT_COLLATION_NAME AS name, SCHEMA_NAME AS example FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME IN (:{databases!})
    UNION ALL
    SELECT TABLE_COLLATION, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.TABLES
    WHERE TABLE_SCHEMA IN (:{databases!}) AND TABLE_COLLATION IS NOT NULL
    UNION ALL
    SELECT COLLATION_NAME, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME) FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA IN (:{databases!}) AND COLLATION_NAME IS NOT NULL) u
GROUP BY u.name;
