-- Comparisons go on, whoever made them pause.
-- Versions:   all          Privileges: DELETE on the schema cutover
-- Parameters: none         Repeat: safe
DELETE FROM cutover.verify_pause
