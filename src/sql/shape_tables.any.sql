-- The tables of some databases; views are not among them. Rows and bytes are the engine's estimates.
-- Privileges: SELECT on them.  Parameter: databases! (a list of literals)
-- Columns: db, name, engine, rows, bytes, has_primary_key (0 or 1)
SELECT t.TABLE_SCHEMA AS db, t.TABLE_NAME AS name, t.ENGINE AS engine, COALESCE(t.TABLE_ROWS, 0) AS `rows`,
    COALESCE(t.DATA_LENGTH, 0) AS bytes,
    EXISTS (SELECT 1 FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = t.TABLE_SCHEMA
        AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY') AS has_primary_key
FROM information_schema.TABLES t
WHERE t.TABLE_SCHEMA IN (:{databases!}) AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME;
