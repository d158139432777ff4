-- The statement that makes a table.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Table
SHOW CREATE TABLE :{name!}
