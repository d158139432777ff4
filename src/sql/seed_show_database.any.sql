-- The statement that makes a database.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Database
SHOW CREATE DATABASE :{name!}
