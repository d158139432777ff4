-- Has the row arrived?
-- Privileges: SELECT on the schema cutover.  Parameter: token.  Column: seen (0 or 1)
SELECT COUNT(*) AS seen FROM cutover.probe WHERE token = :{token};
