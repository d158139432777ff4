-- The rows of a table, or of a part of it, as they were at the snapshot.
-- Privileges: SELECT.  Parameters: columns!, table!, range! (quoted)
SELECT :{columns!} FROM :{table!} WHERE :{range!}
