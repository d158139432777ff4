-- What a replica says of itself before it asks for the binary log: it knows GTIDs (4) and checksums, wants a sign of life
-- after this many nanoseconds without an event, and has everything up to the position.
-- Strict:     a position that is not in the log is refused, not rounded.
-- Versions:   MariaDB      Privileges: none
-- Parameters: heartbeat_ns, position
SET SESSION net_write_timeout = 3600, @mariadb_slave_capability = 4, @master_binlog_checksum = @@GLOBAL.binlog_checksum,
    @master_heartbeat_period = :{heartbeat_ns#}, @slave_connect_state = :{position}, @slave_gtid_strict_mode = 1,
    @slave_gtid_ignore_duplicates = 0
