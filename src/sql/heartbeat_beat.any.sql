-- The controller's clock into this server's row; logged, so that it arrives wherever this server's writes do.
-- Privileges: INSERT, UPDATE on the schema cutover and nothing that read_only lets through.  Parameter: beat_us#.  Repeat: safe
-- Errors: 1290 the node is closed
INSERT INTO cutover.heartbeat (server_id, beat_us, written_at) VALUES (@@server_id, :{beat_us#}, UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE beat_us = VALUES(beat_us), written_at = VALUES(written_at);
