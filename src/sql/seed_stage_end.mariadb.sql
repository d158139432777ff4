-- End the barrier. Closing the connection does it too.
-- Privileges: RELOAD
BACKUP STAGE END
