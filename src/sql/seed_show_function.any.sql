-- The statement that makes a function.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Function
SHOW CREATE FUNCTION :{name!}
