-- The next ids of one database's tables.
-- Privileges: any on the tables.  Parameter: database
-- Columns: as selected; NEXT_ID with how far apart new ids are
SELECT t.TABLE_NAME, t.AUTO_INCREMENT, c.COLUMN_NAME AS ID_COLUMN,
       CONCAT(t.AUTO_INCREMENT, ' (step ', @@GLOBAL.auto_increment_increment, ')') AS NEXT_ID
  FROM information_schema.TABLES AS t
  JOIN information_schema.COLUMNS AS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
 WHERE t.TABLE_SCHEMA = :{database} AND c.TABLE_SCHEMA = :{database} AND t.AUTO_INCREMENT IS NOT NULL
   AND c.EXTRA LIKE '%auto_increment%'
