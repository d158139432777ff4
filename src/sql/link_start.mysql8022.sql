-- Start a channel: receive and apply.
-- Privileges: REPLICATION_SLAVE_ADMIN.  Parameter: channel.  Repeat: safe (a warning when it runs)
-- Errors: 3074 there is no such channel
START REPLICA FOR CHANNEL :{channel};
