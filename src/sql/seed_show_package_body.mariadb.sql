-- The statement that makes the body of a package.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Package Body
-- Only: mariadb (packages are of its Oracle mode)
SHOW CREATE PACKAGE BODY :{name!}
