-- Open a node, if a session of ours still has its lock: asked and done in one statement, because between two a
-- controller may stand still for so long that another one takes its place. Refused with 1231 otherwise, before either
-- variable is set. What read_only_set wrote down for the next start stays: read_only_forget takes it away.
-- Privileges: SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN (5.7: SUPER).  Repeat: safe.  Parameters: lock, thread
SET GLOBAL super_read_only = IF(IS_USED_LOCK(:{lock}) <=> :{thread#}, 'OFF', 'open: the lease is not ours'),
    GLOBAL read_only = IF(IS_USED_LOCK(:{lock}) <=> :{thread#}, 'OFF', 'open: the lease is not ours');
