-- No row has this key here; a replica that has one loses it.
-- Privileges: DELETE, SELECT.  Parameters: table, range
DELETE FROM :{table!} WHERE :{range!}
