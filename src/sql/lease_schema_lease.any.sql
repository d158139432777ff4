-- Who moves which service now. The lock decides, this row names its holder; thread_id ties the two together.
-- Privileges: CREATE on the schema cutover.  Repeat: safe
CREATE TABLE IF NOT EXISTS cutover.lease (
    service VARCHAR(64) NOT NULL PRIMARY KEY,
    holder VARCHAR(255) NOT NULL,
    run VARCHAR(64) NOT NULL,
    epoch BIGINT NOT NULL,
    thread_id BIGINT UNSIGNED NOT NULL,
    taken_at DATETIME(6) NOT NULL) ENGINE = InnoDB;
