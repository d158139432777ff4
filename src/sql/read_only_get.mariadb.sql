-- Is the node closed, and for whom?
-- Privileges: none.  Columns: read_only (0 or 1), is_super (closed for administrators, too: never on MariaDB)
SELECT @@global.read_only AS read_only, 0 AS is_super;
