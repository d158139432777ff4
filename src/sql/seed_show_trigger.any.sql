-- The statement that makes a trigger.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: SQL Original Statement
SHOW CREATE TRIGGER :{name!}
