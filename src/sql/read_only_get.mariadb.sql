-- Is the node closed, and how?
-- Privileges: none.  Columns: read_only (0 or 1), is_super (closed for administrators, too: never on MariaDB), is_whole (as
--                    read_only_set closes it), is_kept (it will be closed after a restart: nothing says so on MariaDB)
SELECT @@global.read_only AS read_only, 0 AS is_super, @@global.read_only AS is_whole, 0 AS is_kept;
