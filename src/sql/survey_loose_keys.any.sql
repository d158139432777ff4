-- Foreign keys of some databases whose columns in the parent are not all of a unique key, in whatever order.
-- Privileges: something on the databases.  Parameter: databases! (a list of literals)
-- Columns: name (database.table.constraint), value (the parent and its columns)
SELECT k.name AS name, CONCAT(k.db, '.', k.parent, ' (', k.columns, ')') AS value FROM (
    SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', CONSTRAINT_NAME) AS name, MIN(REFERENCED_TABLE_SCHEMA) AS db,
        MIN(REFERENCED_TABLE_NAME) AS parent, GROUP_CONCAT(REFERENCED_COLUMN_NAME ORDER BY REFERENCED_COLUMN_NAME) AS columns
    FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA IN (:{databases!}) AND REFERENCED_TABLE_NAME IS NOT NULL
    GROUP BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME) k
LEFT JOIN (
    SELECT TABLE_SCHEMA AS db, TABLE_NAME AS parent, GROUP_CONCAT(COLUMN_NAME ORDER BY COLUMN_NAME) AS columns
    FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA IN (:{databases!})
    GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME) u ON u.db = k.db AND u.parent = k.parent AND u.columns = k.columns
WHERE u.parent IS NULL;
