-- Take the row away again, everywhere.
-- Privileges: DELETE on the schema cutover.  Parameter: token.  Repeat: safe
DELETE FROM cutover.probe WHERE token = :{token};
