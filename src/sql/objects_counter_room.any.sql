-- Is the next id of a table above all that its rows have?
-- Privileges: SELECT on the table.  Parameters: table! and column! (quoted), next# (the next id).  Columns: has_room
SELECT COALESCE(MAX(:{column!}), 0) < :{next#} AS has_room FROM :{table!}
