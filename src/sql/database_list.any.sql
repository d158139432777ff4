-- Which of these databases exist.
-- Privileges: any on them.  Parameter: databases! (a list of literals).  Columns: name, charset, collation
SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation
FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (:{databases!}) ORDER BY SCHEMA_NAME;
