-- The next ids of one database's tables.
-- Privileges: any on the tables.  Parameter: database.  Columns: as selected; NEXT_ID with how far apart new ids are
SELECT TABLE_NAME, CONCAT(AUTO_INCREMENT, ' (step ', @@GLOBAL.auto_increment_increment, ')') AS NEXT_ID
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = :{database} AND AUTO_INCREMENT IS NOT NULL
