-- Stop the default channel.
-- Privileges: REPLICATION_SLAVE_ADMIN.  Repeat: safe
STOP REPLICA FOR CHANNEL '';
