-- What the oldest file of the binary log begins after: more than it says itself where gtid_purged was set by hand.
-- Privileges: none.  Column: position
SELECT REPLACE(@@GLOBAL.gtid_purged, '\n', '') AS position
