-- A channel receives and applies nothing: the fault stall-apply of a drill.
-- Privileges: REPLICATION_SLAVE_ADMIN (5.7: SUPER).  Parameter: channel.  Repeat: safe (a warning when it is stopped)
-- Errors: 3074 there is no such channel
STOP SLAVE SQL_THREAD FOR CHANNEL :{channel};
