-- End a session: its transaction is rolled back, its locks are gone.
-- Privileges: CONNECTION ADMIN (MySQL 5.7: SUPER); MySQL: SYSTEM_USER when the session has it.  Parameter: id#.  Errors: 1094 no such thread, which is what was wanted
KILL CONNECTION :{id#};
