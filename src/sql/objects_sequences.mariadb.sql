-- The sequences of one database.
-- Only: mariadb (MySQL has none)
-- Privileges: any on the sequences.  Parameter: database.  Columns: as selected
SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = :{database} AND TABLE_TYPE = 'SEQUENCE'
