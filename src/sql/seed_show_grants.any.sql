-- The statements that give an account its privileges.
-- Privileges: SELECT on mysql.*.  Parameters: user, host.  One column; it may hold a password hash: never print it
SHOW GRANTS FOR :{user}@:{host}
