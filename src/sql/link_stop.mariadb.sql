-- Stop a channel; waits for the transaction that is being applied.
-- Privileges: REPLICATION SLAVE ADMIN.  Parameter: channel.  Repeat: safe (a warning when it is stopped)
-- Errors: 1617 there is no such channel
STOP SLAVE :{channel};
