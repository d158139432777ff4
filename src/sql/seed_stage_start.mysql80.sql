-- Begin the barrier: wait for running DDL, within lock_wait_timeout, and hold what comes. Ends with the connection.
-- Privileges: BACKUP_ADMIN
LOCK INSTANCE FOR BACKUP
