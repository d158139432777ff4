-- Make a database the default one.
-- Privileges: any on it.  Parameter: database! (quoted)
USE :{database!}
