-- The accounts that cutover has locked on this node, and nobody else. It stays on this node, as the accounts do; while a row
-- is here, `ALTER USER ... ACCOUNT UNLOCK` lets that account in again, with or without cutover.
-- Privileges: CREATE on the schema cutover.  Repeat: safe.  Run unlogged
CREATE TABLE IF NOT EXISTS cutover.held (
    user VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    host VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    run VARCHAR(64) NOT NULL,
    held_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user, host)) ENGINE = InnoDB;
