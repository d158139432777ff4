-- Sign the lease. Run unlogged, by the holder of the lock.
-- Privileges: INSERT, UPDATE on the schema cutover, READ ONLY ADMIN.  Parameters: service, holder, run, epoch#.  Repeat: safe
REPLACE INTO cutover.lease (service, holder, run, epoch, thread_id, taken_at)
VALUES (:{service}, :{holder}, :{run}, :{epoch#}, CONNECTION_ID(), UTC_TIMESTAMP(6));
