-- Hold all commits for a moment, after seed_stage_start, within lock_wait_timeout. Ends with seed_stage_end or the connection.
-- Why not FLUSH TABLES WITH READ LOCK: on a primary that is a parallel replica itself it can hang for good; this does not.
-- Privileges: RELOAD
BACKUP STAGE BLOCK_COMMIT
