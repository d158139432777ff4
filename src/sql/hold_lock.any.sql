-- Nobody logs in as these any more, now and after a restart; who is logged in stays so. 4151 (MySQL: 3118) is what they get.
-- Privileges: CREATE USER; on a closed node READ ONLY ADMIN.  Parameter: accounts! (a list).  Repeat: safe.  Run unlogged
ALTER USER IF EXISTS :{accounts!} ACCOUNT LOCK;
