-- 5.7 does not remember who set a variable: those that 8.0 no longer has, where they differ from their default.
-- Privileges: SELECT on performance_schema.  Columns: name, value (where from)
SELECT LOWER(v.VARIABLE_NAME) AS name, 'not the default' AS value FROM performance_schema.global_variables v
JOIN (SELECT 'query_cache_size' AS name, '1048576' AS standard
    UNION ALL SELECT 'query_cache_type', 'OFF' UNION ALL SELECT 'log_warnings', '2' UNION ALL SELECT 'sync_frm', 'ON'
    UNION ALL SELECT 'secure_auth', 'ON' UNION ALL SELECT 'old_passwords', '0' UNION ALL SELECT 'multi_range_count', '256'
    UNION ALL SELECT 'innodb_file_format', 'Barracuda' UNION ALL SELECT 'innodb_large_prefix', 'ON'
    UNION ALL SELECT 'innodb_locks_unsafe_for_binlog', 'OFF' UNION ALL SELECT 'innodb_support_xa', 'ON'
    UNION ALL SELECT 'innodb_undo_logs', '128' UNION ALL SELECT 'show_compatibility_56', 'OFF'
    UNION ALL SELECT 'ignore_builtin_innodb', 'OFF' UNION ALL SELECT 'ignore_db_dirs', ''
    UNION ALL SELECT 'max_tmp_tables', '32' UNION ALL SELECT 'metadata_locks_cache_size', '1024'
    UNION ALL SELECT 'internal_tmp_disk_storage_engine', 'InnoDB') d ON LOWER(v.VARIABLE_NAME) = d.name
WHERE v.VARIABLE_VALUE <> d.standard;
