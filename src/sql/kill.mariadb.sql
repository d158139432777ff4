-- End a session: its transaction is rolled back, its locks are gone.
-- Privileges: CONNECTION ADMIN.  Parameter: id#.  Errors: 1094 no such thread, which is what was wanted
KILL CONNECTION :{id#};
