-- One heartbeat row of the copied moment: the next beat arrives as an update of it and must find it.
-- Privileges: INSERT on the schema cutover.  Run unlogged.  Parameters: server_id#, beat_us#.  Repeat: after a clear
INSERT INTO cutover.heartbeat (server_id, beat_us, written_at) VALUES (:{server_id#}, :{beat_us#}, UTC_TIMESTAMP(6));
