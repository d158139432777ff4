-- Begin the barrier: wait for other backups and running DDL, within lock_wait_timeout.
-- Privileges: RELOAD
BACKUP STAGE START
