-- The statement that makes a view.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create View
SHOW CREATE VIEW :{name!}
