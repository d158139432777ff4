-- How many tables these databases hold; 0 when there is no such database.
-- Privileges: any on them.  Parameter: databases! (a list of literals).  Column: tables
SELECT COUNT(*) AS tables FROM information_schema.TABLES
WHERE TABLE_SCHEMA IN (:{databases!}) AND TABLE_TYPE = 'BASE TABLE';
