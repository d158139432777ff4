-- Say which transactions a node holds already, before its channel starts.
-- Privileges: REPLICATION SLAVE ADMIN; no channel may run (1198).  Parameter: position.  Repeat: safe
-- Errors: 1948 the binary log holds a domain that the position does not name
SET GLOBAL gtid_slave_pos = :{position};
