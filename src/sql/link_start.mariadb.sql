-- Start a channel: receive and apply.
-- Privileges: REPLICATION SLAVE ADMIN.  Parameter: channel.  Repeat: safe (a warning when it runs)
-- Errors: 1617 there is no such channel
START SLAVE :{channel};
