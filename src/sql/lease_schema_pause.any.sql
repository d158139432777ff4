-- A row in here, on either primary, makes comparisons pause: INSERT INTO cutover.verify_pause (asked_by) VALUES ('me');
-- Privileges: CREATE on the schema cutover.  Repeat: safe
CREATE TABLE IF NOT EXISTS cutover.verify_pause (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    asked_by VARCHAR(255) NOT NULL DEFAULT '',
    asked_at DATETIME(6) NULL) ENGINE = InnoDB;
