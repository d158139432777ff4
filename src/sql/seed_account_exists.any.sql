-- Is there such an account?
-- Privileges: SELECT on mysql.*.  Parameters: user, host.  Column: count
SELECT COUNT(*) AS count FROM mysql.user WHERE User = :{user} AND Host = :{host}
