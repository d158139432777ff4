-- Tables, columns and routines of some databases whose name is one of some words.
-- Privileges: something on the databases.  Parameters: databases!, words! (lists of literals, the words in capitals)
-- Columns: name (in capitals), value (the kind of thing), uses, example
SELECT n.name AS name, MIN(n.kind) AS value, COUNT(*) AS uses, MIN(n.example) AS example FROM (
    SELECT UPPER(TABLE_NAME) AS name, 'table' AS kind, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS example
    FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (:{databases!})
    UNION ALL
    SELECT UPPER(COLUMN_NAME), 'column', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME)
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (:{databases!})
    UNION ALL
    SELECT UPPER(ROUTINE_NAME), 'routine', CONCAT(ROUTINE_SCHEMA, '.', ROUTINE_NAME)
    FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN (:{databases!})) n
WHERE n.name IN (:{words!})
GROUP BY n.name;
