-- The members of a replication group: MariaDB has no such thing, see galera_size.
-- Privileges: none.  Rows: none
-- Columns: host, port, state (ONLINE, RECOVERING, OFFLINE, ERROR, UNREACHABLE), role (PRIMARY, SECONDARY)
SELECT '' AS host, 0 AS port, '' AS state, '' AS role FROM DUAL WHERE FALSE;
