-- Stop the default channel.
-- Privileges: REPLICATION_SLAVE_ADMIN (5.7: SUPER).  Repeat: safe
STOP SLAVE FOR CHANNEL '';
