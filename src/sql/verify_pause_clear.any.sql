-- Comparisons go on, whoever made them pause. Logged, as the rows were.
-- Versions:   all          Privileges: DELETE on the schema cutover
-- Parameters: none         Repeat: safe
DELETE FROM cutover.verify_pause
