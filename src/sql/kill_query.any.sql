-- End the statement that a session runs now; the session stays.
-- Privileges: CONNECTION ADMIN (MySQL 5.7: SUPER), or the same account.  Parameter: id#.  Errors: 1094 no such thread
KILL QUERY :{id#};
