-- What changes from moment to moment on a node, in one round trip.
-- Privileges: none.  Columns: server_id, origin (its own domain), read_only, is_sealed (never),
-- position, applied, clock_us (the server's, microseconds since 1970)
SELECT @@global.server_id AS server_id, @@global.gtid_domain_id AS origin, @@global.read_only AS read_only,
    0 AS is_sealed,    @@global.gtid_binlog_pos AS position, @@global.gtid_slave_pos AS applied,
    CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED) AS clock_us;
