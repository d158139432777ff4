-- Where a node stands.
-- Privileges: none.  Columns: origin (its own domain), server_id, position (logged), state (logged, by domain and server), applied (as a replica)
SELECT @@global.gtid_domain_id AS origin, @@global.server_id AS server_id, @@global.gtid_binlog_pos AS position,
    @@global.gtid_binlog_state AS state, @@global.gtid_slave_pos AS applied;
