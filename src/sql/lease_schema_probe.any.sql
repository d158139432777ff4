-- Rows that are written on one side and looked for on the other.
-- Privileges: CREATE on the schema cutover.  Repeat: safe
CREATE TABLE IF NOT EXISTS cutover.probe (
    token CHAR(32) CHARACTER SET ascii NOT NULL PRIMARY KEY,
    written_at DATETIME(6) NOT NULL) ENGINE = InnoDB;
