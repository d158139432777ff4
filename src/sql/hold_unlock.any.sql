-- Let these log in again.
-- Privileges: CREATE USER; on a closed node READ ONLY ADMIN.  Parameter: accounts! (a list).  Repeat: safe.  Run unlogged
ALTER USER IF EXISTS :{accounts!} ACCOUNT UNLOCK;
