-- The AUTO_INCREMENT columns of some databases.
-- Privileges: something on the databases.  Parameter: databases! (a list of literals)
-- Columns: name (database.table.column), value (its type), uses (the next number)
SELECT CONCAT(t.TABLE_SCHEMA, '.', t.TABLE_NAME, '.', c.COLUMN_NAME) AS name, LOWER(c.COLUMN_TYPE) AS value,
    t.AUTO_INCREMENT AS uses
FROM information_schema.TABLES t
JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
WHERE t.TABLE_SCHEMA IN (:{databases!}) AND c.TABLE_SCHEMA IN (:{databases!}) AND t.AUTO_INCREMENT IS NOT NULL
    AND c.EXTRA LIKE '%auto_increment%';
