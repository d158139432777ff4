-- Stop the default channel.
-- Privileges: REPLICATION SLAVE ADMIN.  Repeat: safe.  Errors: 1617 it was never set up
STOP SLAVE '';
