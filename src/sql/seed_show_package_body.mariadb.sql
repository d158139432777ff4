-- The statement that makes the body of a package.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Package Body
SHOW CREATE PACKAGE BODY :{name!}
