-- How semi-synchronous replication stands: Rpl_semi_sync_master_... or ..._source_..., nothing where the plugin is not loaded.
-- Privileges: none.
-- Reads: name=Variable_name, value=Value
SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%';
