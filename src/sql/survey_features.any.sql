-- What the schema of some databases uses that another version or flavour may not know, each under a name of ours.
-- A part of an index without a column is an expression.
-- Privileges: something on the databases.  Parameter: databases! (a list of literals)  Columns: name, uses, example
SELECT f.name AS name, COUNT(*) AS uses, MIN(f.example) AS example FROM (
    SELECT CONCAT('type ', LOWER(DATA_TYPE)) AS name, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME) AS example
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (:{databases!})
    UNION ALL
    SELECT 'column INVISIBLE', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME)
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (:{databases!}) AND EXTRA LIKE '%INVISIBLE%'
    UNION ALL
    SELECT 'column default expression', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME)
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (:{databases!}) AND EXTRA LIKE '%DEFAULT_GENERATED%'
        AND DATA_TYPE NOT IN ('timestamp', 'datetime')
    UNION ALL
    SELECT 'column default zero date', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME)
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (:{databases!}) AND DATA_TYPE IN ('date', 'datetime', 'timestamp')
        AND COLUMN_DEFAULT LIKE '%0000-00-00%'
    UNION ALL
    SELECT 'column auto_increment float', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', COLUMN_NAME)
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN (:{databases!}) AND DATA_TYPE IN ('float', 'double')
        AND EXTRA LIKE '%auto_increment%'
    UNION ALL
    SELECT CONCAT('table ', TABLE_TYPE), CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (:{databases!}) AND TABLE_TYPE NOT IN ('BASE TABLE', 'VIEW', 'SYSTEM VIEW')
    UNION ALL
    SELECT CONCAT('row format ', UPPER(ROW_FORMAT)), CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (:{databases!}) AND ENGINE = 'InnoDB'
        AND ROW_FORMAT IN ('Redundant', 'Compact', 'Compressed')
    UNION ALL
    SELECT CONCAT('partitioned ', ENGINE), CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (:{databases!}) AND CREATE_OPTIONS LIKE '%partitioned%'
        AND ENGINE <> 'InnoDB'
    UNION ALL
    SELECT 'index expression', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', INDEX_NAME)
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN (:{databases!}) AND COLUMN_NAME IS NULL
    UNION ALL
    SELECT 'index descending', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, '.', INDEX_NAME)
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN (:{databases!}) AND COLLATION = 'D'
    UNION ALL
    SELECT 'constraint CHECK', CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)
    FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA IN (:{databases!}) AND CONSTRAINT_TYPE = 'CHECK'
    UNION ALL
    SELECT 'foreign key cascade', CONCAT(CONSTRAINT_SCHEMA, '.', TABLE_NAME, '.', CONSTRAINT_NAME)
    FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN (:{databases!})
        AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL'))
    UNION ALL
    SELECT CONCAT('routine ', UPPER(EXTERNAL_LANGUAGE)), CONCAT(ROUTINE_SCHEMA, '.', ROUTINE_NAME)
    FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN (:{databases!}) AND EXTERNAL_LANGUAGE NOT IN ('', 'SQL')) f
GROUP BY f.name;
