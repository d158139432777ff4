-- How many rows InnoDB counted in the tables of some databases, by which the optimizer goes. The parts of a partitioned
-- table are one table.
-- Privileges: SELECT on mysql.  Parameter: databases! (a list of literals)
-- Columns: name (as InnoDB writes it), value (rows), uses (rows), example (when they were counted)
SELECT CONCAT(CONVERT(s.database_name USING utf8mb4), '.', s.name) AS name, 'rows' AS value, SUM(s.n_rows) AS uses,
    CONVERT(MAX(s.last_update) USING utf8mb4) AS example
FROM (SELECT database_name, last_update, n_rows,
        SUBSTRING_INDEX(REPLACE(CONVERT(table_name USING utf8mb4), '#p#', '#P#'), '#P#', 1) AS name
    FROM mysql.innodb_table_stats WHERE database_name IN (:{databases!})) s
GROUP BY s.database_name, s.name;
