-- Hold all commits, within lock_wait_timeout. Waits for every running statement, SELECTs included, and while it waits
-- writers stall.
-- Privileges: RELOAD
FLUSH TABLES WITH READ LOCK
