-- Open a node, if a session of ours still has its lock: asked and done in one statement, because between two a
-- controller may stand still for so long that another one takes its place. Refused with 1231 otherwise.
-- Privileges: READ ONLY ADMIN.  Repeat: safe.  Parameters: lock, thread
SET GLOBAL read_only = IF(IS_USED_LOCK(:{lock}) <=> :{thread#}, 'OFF', 'open: the lease is not ours');
