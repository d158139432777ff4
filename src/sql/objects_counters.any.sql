-- The next ids of one database's tables.
-- Privileges: any on the tables.  Parameter: database.  Columns: as selected; step is how far apart new ids are
SELECT TABLE_NAME, AUTO_INCREMENT, @@GLOBAL.auto_increment_increment AS step
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = :{database} AND AUTO_INCREMENT IS NOT NULL
