-- A channel receives nothing more, and applies what it has: the fault cut-link of a drill.
-- Privileges: REPLICATION SLAVE ADMIN.  Parameter: channel.  Repeat: safe (a warning when it is stopped)
-- Errors: 1617 there is no such channel
STOP SLAVE :{channel} IO_THREAD;
