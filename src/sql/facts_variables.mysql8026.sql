-- The settings that decide what a node is.
-- Privileges: none
-- Columns: version, comment (whose build it is), server_id, origin (the server's UUID), read_only, is_super_read_only,
--          has_binlog, logs_replica_updates, gtid_strict (every transaction has a GTID), binlog_format,
--          binlog_row_image, event_scheduler, increment, offset
SELECT @@global.version AS version, @@global.version_comment AS `comment`, @@global.server_id AS server_id,
    @@global.server_uuid AS origin, @@global.read_only OR @@global.super_read_only AS read_only,
    @@global.super_read_only AS is_super_read_only, @@global.log_bin AS has_binlog,
    @@global.log_replica_updates AS logs_replica_updates,
    @@global.gtid_mode = 'ON' AND @@global.enforce_gtid_consistency = 'ON' AS gtid_strict,
    @@global.binlog_format AS binlog_format, @@global.binlog_row_image AS binlog_row_image,
    @@global.event_scheduler AS event_scheduler, @@global.auto_increment_increment AS `increment`,
    @@global.auto_increment_offset AS `offset`;
