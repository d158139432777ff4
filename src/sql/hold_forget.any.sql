-- An account is ours to unlock no more.
-- Privileges: DELETE on cutover.held.  Parameters: user, host.  Repeat: safe.  Run unlogged
DELETE FROM cutover.held WHERE user = :{user} AND host = :{host};
