-- Where a node stands, and whether it is closed.
-- Privileges: none.  Columns: origin (its own domain), server_id, position (logged), state (logged, by domain and server), applied (as a replica),
-- read_only, is_super, is_whole (nobody may write); asked last, so all of the position was before
SELECT @@global.gtid_domain_id AS origin, @@global.server_id AS server_id, @@global.gtid_binlog_pos AS position,
    @@global.gtid_binlog_state AS state, @@global.gtid_slave_pos AS applied,
    @@global.read_only AS read_only, 0 AS is_super, @@global.read_only AS is_whole;
