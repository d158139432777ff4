-- Semi-synchronous replication, in which a commit waits for a replica: one row, whatever the words of this version are.
-- Privileges: none
-- Columns: source_enabled, replica_enabled (ON, OFF; NULL: not there), source_active, replica_active (ON, OFF; NULL),
--          clients (replicas that answer), timeout_ms (a commit waits no longer), wait_count (replicas it waits for)
SELECT MAX(IF(name IN ('rpl_semi_sync_source_enabled', 'rpl_semi_sync_master_enabled'), value, NULL)) AS source_enabled,
    MAX(IF(name IN ('rpl_semi_sync_replica_enabled', 'rpl_semi_sync_slave_enabled'), value, NULL)) AS replica_enabled,
    MAX(IF(name IN ('rpl_semi_sync_source_status', 'rpl_semi_sync_master_status'), value, NULL)) AS source_active,
    MAX(IF(name IN ('rpl_semi_sync_replica_status', 'rpl_semi_sync_slave_status'), value, NULL)) AS replica_active,
    MAX(IF(name IN ('rpl_semi_sync_source_clients', 'rpl_semi_sync_master_clients'), value, NULL)) AS clients,
    MAX(IF(name IN ('rpl_semi_sync_source_timeout', 'rpl_semi_sync_master_timeout'), value, NULL)) AS timeout_ms,
    MAX(IF(name IN ('rpl_semi_sync_source_wait_for_replica_count', 'rpl_semi_sync_master_wait_for_slave_count'), value,
        NULL)) AS wait_count
FROM (
    SELECT LOWER(VARIABLE_NAME) AS name, VARIABLE_VALUE AS value FROM information_schema.GLOBAL_VARIABLES
    WHERE VARIABLE_NAME LIKE 'rpl_semi_sync_%'
    UNION ALL
    SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS
    WHERE VARIABLE_NAME LIKE 'rpl_semi_sync_%') AS seen;
