-- Is the node closed?
-- Privileges: none.  Column: read_only (0 or 1)
SELECT @@global.read_only AS read_only;
