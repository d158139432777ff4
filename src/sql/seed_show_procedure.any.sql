-- The statement that makes a procedure.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Procedure
SHOW CREATE PROCEDURE :{name!}
