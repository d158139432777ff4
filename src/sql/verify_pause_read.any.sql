-- Does somebody want comparisons to pause? Any row means yes.
-- Versions:   all          Privileges: SELECT on the schema cutover
-- Parameters: none         Columns: asked_by
-- Errors: 1146, 1049 nobody ever did
SELECT asked_by FROM cutover.verify_pause LIMIT 1
