-- Hold all commits, within lock_wait_timeout. Waits for running statements that write.
-- Privileges: RELOAD
FLUSH TABLES WITH READ LOCK
