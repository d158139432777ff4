-- Stop a channel; waits for the transaction that is being applied.
-- Privileges: REPLICATION_SLAVE_ADMIN.  Parameter: channel.  Repeat: safe (a warning when it is stopped)
-- Errors: 3074 there is no such channel
STOP REPLICA FOR CHANNEL :{channel};
