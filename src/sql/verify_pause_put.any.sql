-- Comparisons pause from now on. Logged, so that whoever deletes the row can do so on any side.
-- Versions:   all          Privileges: INSERT on the schema cutover
-- Parameters: holder       Repeat: safe
INSERT INTO cutover.verify_pause (asked_by, asked_at) VALUES (:{holder}, UTC_TIMESTAMP(6))
