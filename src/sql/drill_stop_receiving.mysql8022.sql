-- A channel receives nothing more, and applies what it has: the fault cut-link of a drill.
-- Privileges: REPLICATION_SLAVE_ADMIN.  Parameter: channel.  Repeat: safe (a warning when it is stopped)
-- Errors: 3074 there is no such channel
STOP REPLICA IO_THREAD FOR CHANNEL :{channel};
