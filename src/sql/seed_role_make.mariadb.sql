-- Make a role. Whoever makes it becomes its administrator.
-- Only: mariadb (a role of MySQL is an account)
-- Privileges: CREATE USER.  Parameter: user.  Run unlogged
CREATE ROLE :{user}
