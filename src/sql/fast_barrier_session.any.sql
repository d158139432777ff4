-- A barrier's own session: what is in its way for a second makes it give up.
-- Privileges: none
SET SESSION lock_wait_timeout = 1
