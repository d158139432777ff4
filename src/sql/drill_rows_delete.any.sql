-- Take the rows of a drill away again, everywhere; a thousand at a time, until none is left.
-- Privileges: DELETE on the schema cutover.  Parameters: from, until.  Repeat: until it deletes nothing
DELETE FROM cutover.probe WHERE token BETWEEN :{from} AND :{until} ORDER BY token LIMIT 1000;
