-- Start the default channel: a replica follows its cluster's primary.
-- Privileges: REPLICATION_SLAVE_ADMIN (5.7: SUPER).  Repeat: safe.  Errors: 1200 it was never set up
START SLAVE FOR CHANNEL '';
