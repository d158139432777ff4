-- Hold all commits, within lock_wait_timeout.
-- Privileges: RELOAD
BACKUP STAGE BLOCK_COMMIT
