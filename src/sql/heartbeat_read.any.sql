-- The heartbeats that have arrived on this node.
-- Privileges: SELECT on the schema cutover.  Columns: server_id, beat_us
SELECT server_id, beat_us FROM cutover.heartbeat;
