-- Is the node closed, and how?
-- Privileges: none.  Columns: read_only (0 or 1), is_super (closed for administrators, too), is_whole (as read_only_set closes
--                    it), is_kept (it will be closed after a restart: 5.7 writes nothing down)
SELECT @@global.read_only OR @@global.super_read_only AS read_only, @@global.super_read_only AS is_super,
    @@global.super_read_only AS is_whole, 0 AS is_kept;
