-- Is the node closed, and for whom?
-- Privileges: none.  Columns: read_only (0 or 1), is_super (closed for administrators, too)
SELECT @@global.read_only OR @@global.super_read_only AS read_only, @@global.super_read_only AS is_super;
