-- Which rows of a drill have arrived? They are numbered: the token is the drill and the number.
-- Privileges: SELECT on the schema cutover.  Parameters: from, until.  Column: token
SELECT token FROM cutover.probe WHERE token BETWEEN :{from} AND :{until} ORDER BY token;
