-- What the last holder wrote.
-- Privileges: SELECT on the schema cutover.  Parameter: service.  Columns: holder, run, epoch, thread_id, taken_at
-- Errors: 1049, 1146 nobody ever took a lease on this server
SELECT holder, run, epoch, thread_id, taken_at FROM cutover.lease WHERE service = :{service};
