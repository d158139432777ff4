-- Forget the heartbeats of an earlier life: the copy brings those of its own moment.
-- Privileges: DELETE on the schema cutover.  Run unlogged.  Repeat: safe
DELETE FROM cutover.heartbeat;
