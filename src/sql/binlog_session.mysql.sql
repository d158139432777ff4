-- What a replica says of itself before it asks for the binary log: it knows checksums, wants a sign of life after this
-- many nanoseconds without an event, and is nobody else: a server ends an older reader with the same UUID.
-- Privileges: none
-- Parameters: heartbeat_ns, reader
SET SESSION net_write_timeout = 3600,
    @master_binlog_checksum = @@GLOBAL.binlog_checksum, @source_binlog_checksum = @@GLOBAL.binlog_checksum,
    @master_heartbeat_period = :{heartbeat_ns#}, @source_heartbeat_period = :{heartbeat_ns#},
    @slave_uuid = :{reader}, @replica_uuid = :{reader}
