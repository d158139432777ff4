-- Start the default channel: a replica follows its cluster's primary.
-- Privileges: REPLICATION_SLAVE_ADMIN.  Repeat: safe.  Errors: 1200 it was never set up
START REPLICA FOR CHANNEL '';
