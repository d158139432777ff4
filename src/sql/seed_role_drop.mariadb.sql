-- Take back a role that was just made and could not be given its privileges.
-- Only: mariadb (a role of MySQL is an account)
-- Privileges: CREATE USER.  Parameter: user.  Repeat: safe.  Run unlogged
DROP ROLE IF EXISTS :{user}
