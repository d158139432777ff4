-- Comparisons pause from now on.
-- Versions:   all          Privileges: INSERT, UPDATE on the schema cutover
-- Parameters: holder       Repeat: safe
INSERT INTO cutover.verify_pause (id, asked_by, asked_at) VALUES (1, :{holder}, UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE asked_by = VALUES(asked_by), asked_at = VALUES(asked_at)
