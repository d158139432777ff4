-- What a server holds besides some databases and its own: a clone takes all of it. Needs no privilege on them; a name with
-- other signs than letters, digits, blanks, dots and hyphens is shown as its folder is called.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: PROCESS.  Parameter: databases! (a list of literals).  Column: name
SELECT DISTINCT held.name AS name FROM (
    SELECT REPLACE(REPLACE(REPLACE(SUBSTRING_INDEX(NAME, '/', 1), '@002d', '-'), '@002e', '.'), '@0020', ' ') AS name
    FROM information_schema.INNODB_TABLES WHERE NAME LIKE '%/%') AS held
WHERE held.name NOT IN ('mysql', 'sys', 'cutover', :{databases!}) ORDER BY held.name
