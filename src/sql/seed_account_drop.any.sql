-- Take back an account that was just made and could not be given its privileges.
-- Privileges: CREATE USER.  Parameters: user, host.  Repeat: safe.  Run unlogged
DROP USER IF EXISTS :{user}@:{host}
