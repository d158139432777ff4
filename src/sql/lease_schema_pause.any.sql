-- A row in here, on either primary, makes comparisons pause: INSERT INTO cutover.verify_pause (asked_by) VALUES ('me');
-- Privileges: CREATE on the schema cutover.  Repeat: safe
CREATE TABLE IF NOT EXISTS cutover.verify_pause (
    id INT UNSIGNED NOT NULL DEFAULT 1 PRIMARY KEY,
    asked_by VARCHAR(255) NOT NULL DEFAULT '',
    asked_at DATETIME(6) NOT NULL DEFAULT '1970-01-01 00:00:00') ENGINE = InnoDB;
