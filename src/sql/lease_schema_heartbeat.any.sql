-- One row for each primary, rewritten all the time; beat_us is the controller's clock, written_at the server's.
-- Privileges: CREATE on the schema cutover.  Repeat: safe
CREATE TABLE IF NOT EXISTS cutover.heartbeat (
    server_id INT UNSIGNED NOT NULL PRIMARY KEY,
    beat_us BIGINT NOT NULL,
    written_at DATETIME(6) NOT NULL) ENGINE = InnoDB;
