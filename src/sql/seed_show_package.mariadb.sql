-- The statement that makes a package.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Package
-- Only: mariadb (packages are of its Oracle mode)
SHOW CREATE PACKAGE :{name!}
