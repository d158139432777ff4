-- Forget what the default channel has received: with auto-position it would not be asked for again, whatever was
-- forgotten since. How to reach the source is kept.
-- Privileges: RELOAD.  Repeat: safe.  Errors: 3081 the channel runs
RESET SLAVE FOR CHANNEL '';
