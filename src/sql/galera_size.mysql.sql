-- How many nodes the Galera cluster of this server has; 0 when it is not in one. Only Percona's builds can be.
-- Privileges: none.  Column: size
SELECT COALESCE(MAX(CAST(VARIABLE_VALUE AS UNSIGNED)), 0) AS size FROM performance_schema.global_status
WHERE VARIABLE_NAME = 'wsrep_cluster_size';
