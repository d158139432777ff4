-- Purpose:  tables, tables without differences, rows, oldest proof; parameter: service.
SELECT COUNT(*), COALESCE(SUM(differences = 0), 0), COALESCE(SUM(row_count), 0), COALESCE(MIN(at_us), 0),
       COALESCE(SUM(differences), 0)
FROM verified WHERE service = ?1;
