-- How fast this server may take a clone.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: none; the plugin must be loaded (1193).  Columns: data, network (MiB a second; 0: no limit)
SELECT @@GLOBAL.clone_max_data_bandwidth AS data, @@GLOBAL.clone_max_network_bandwidth AS network
