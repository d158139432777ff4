-- Throw a database away.
-- Privileges: DROP on it.  Parameter: database`.  Repeat: safe
DROP DATABASE IF EXISTS :{database`};
