-- What changes from moment to moment on a node, in one round trip, with the heartbeats that have arrived
-- on it. Refused (1049, 1146) where nothing has beaten yet: sampler_state is for there.
-- Privileges: SELECT on the schema cutover.  Columns: server_id, origin (its UUID), read_only, is_sealed (for administrators too),
-- position, applied (the same set), clock_us (the server's, microseconds since 1970), beats ("server_id:beat_us,...")
SELECT @@global.server_id AS server_id, @@global.server_uuid AS origin,
    @@global.read_only OR @@global.super_read_only AS read_only, @@global.super_read_only AS is_sealed,
    REPLACE(@@global.gtid_executed, '\n', '') AS position, REPLACE(@@global.gtid_executed, '\n', '') AS applied,
    CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED) AS clock_us,
    (SELECT GROUP_CONCAT(server_id, ':', beat_us) FROM cutover.heartbeat) AS beats;
