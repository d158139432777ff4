-- Say on a recipient how fast it may take a clone; what it was is put back afterwards.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: SYSTEM_VARIABLES_ADMIN; the plugin must be loaded (1193).  Repeat: safe
-- Parameters: data#, network# (MiB a second; 0: no limit)
SET GLOBAL clone_max_data_bandwidth = :{data#}, clone_max_network_bandwidth = :{network#}
