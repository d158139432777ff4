-- The statement that makes a event.
-- Privileges: those that show it.  Parameter: name! (quoted).  Column: Create Event
SHOW CREATE EVENT :{name!}
