-- A channel receives and applies nothing: the fault stall-apply of a drill.
-- Privileges: REPLICATION SLAVE ADMIN.  Parameter: channel.  Repeat: safe (a warning when it is stopped)
-- Errors: 1617 there is no such channel
STOP SLAVE :{channel} SQL_THREAD;
