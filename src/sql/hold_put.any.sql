-- Write down that an account is going to be locked by us. Before it is.
-- Privileges: INSERT on cutover.held.  Parameters: user, host, run.  Repeat: safe, the first one stays.  Run unlogged
INSERT IGNORE INTO cutover.held (user, host, run, held_at) VALUES (:{user}, :{host}, :{run}, UTC_TIMESTAMP(6));
