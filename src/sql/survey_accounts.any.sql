-- Every account and role of a server, in the form in which definers are written (a role of MariaDB is user@).
-- Privileges: SELECT on mysql.  Column: account (user@host)
SELECT CONCAT(User, '@', Host) AS account FROM mysql.user;
