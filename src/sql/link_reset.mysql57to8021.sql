-- Forget a channel: its source, password and relay logs. gtid_executed stays.
-- Privileges: RELOAD; the channel must be stopped (3081).  Parameter: channel
-- Repeat: 3074 there is no such channel, which is what was wanted
RESET SLAVE ALL FOR CHANNEL :{channel};
