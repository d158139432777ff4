-- The head of a multi-row INSERT; the rows follow.
-- Privileges: INSERT.  Parameters: columns!, table! (quoted)
INSERT INTO :{table!} (:{columns!}) VALUES
