-- Forget a channel: its source, password and relay logs. gtid_slave_pos stays.
-- Privileges: RELOAD and REPLICATION SLAVE ADMIN; the channel must be stopped (1198).  Parameter: channel
-- Repeat: 1617 there is no such channel, which is what was wanted
RESET SLAVE :{channel} ALL;
