-- Every account and role of a server, in the form in which definers are written.
-- Privileges: SELECT on mysql.  Column: account (user@host; a role is user@)
SELECT CONCAT(User, '@', Host) AS account FROM mysql.user;
