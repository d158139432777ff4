-- The statements that give a role its privileges.
-- Only: mariadb (a role of MySQL is an account)
-- Privileges: SELECT on mysql.*.  Parameter: user.  One column
SHOW GRANTS FOR :{user}
