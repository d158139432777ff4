-- The statement that makes a package.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Package
SHOW CREATE PACKAGE :{name!}
