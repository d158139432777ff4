-- The statement that makes an account.
-- Privileges: SELECT on mysql.*.  Parameters: user, host.  One column; it holds a password hash: never print it
SHOW CREATE USER :{user}@:{host}
