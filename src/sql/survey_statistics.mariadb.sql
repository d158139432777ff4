-- What the optimizer was told of the tables of some databases: how many rows InnoDB counted, and which columns have
-- statistics of their own. The parts of a partitioned table are one table.
-- Privileges: SELECT on mysql.  Parameter: databases! (a list of literals)
-- Columns: name (as each of the two writes it), value (rows, column), uses (rows), example (when rows were counted; the
-- table of a column)
SELECT CONCAT(CONVERT(s.database_name USING utf8mb4), '.', s.name) AS name, 'rows' AS value, SUM(s.n_rows) AS uses,
    CONVERT(MAX(s.last_update) USING utf8mb4) AS example
FROM (SELECT database_name, last_update, n_rows,
        SUBSTRING_INDEX(REPLACE(CONVERT(table_name USING utf8mb4), '#p#', '#P#'), '#P#', 1) AS name
    FROM mysql.innodb_table_stats WHERE database_name IN (:{databases!})) s
GROUP BY s.database_name, s.name
UNION ALL
SELECT CONVERT(CONCAT(db_name, '.', table_name, '.', column_name) USING utf8mb4), 'column', 0,
    CONVERT(CONCAT(db_name, '.', table_name) USING utf8mb4) FROM mysql.column_stats
WHERE db_name IN (:{databases!});
