-- Tablespaces that somebody made, and a table of the service in each: made again, it asks for one of that name. A database
-- with other signs than letters, digits, blanks, dots and hyphens is not looked for.
-- Privileges: PROCESS.  Parameter: databases! (a list of literals).  Columns: tablespace, name (as in the data directory; '': none)
SELECT s.NAME AS tablespace, COALESCE(MIN(t.NAME), '') AS name
FROM information_schema.INNODB_TABLESPACES s LEFT JOIN information_schema.INNODB_TABLES t ON t.SPACE = s.SPACE
    AND REPLACE(REPLACE(REPLACE(SUBSTRING_INDEX(t.NAME, '/', 1), '@002d', '-'), '@002e', '.'), '@0020', ' ') IN (:{databases!})
WHERE s.SPACE_TYPE = 'General' AND s.NAME <> 'mysql' GROUP BY s.NAME ORDER BY s.NAME
