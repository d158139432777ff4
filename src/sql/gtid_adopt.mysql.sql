-- Say which transactions a node holds already, before its channel starts.
-- Privileges: SYSTEM_VARIABLES_ADMIN (5.7: SUPER).  Parameter: position.  Repeat: safe (5.7: 1840)
-- Errors: 1840 (5.7), 3546 the node has GTIDs of its own: run gtid_forget first
SET GLOBAL gtid_purged = :{position};
