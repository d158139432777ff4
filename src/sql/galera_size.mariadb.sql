-- How many nodes the Galera cluster of this server has; 0 when it is not in one.
-- Privileges: none.  Column: size
SELECT COALESCE(MAX(CAST(VARIABLE_VALUE AS UNSIGNED)), 0) AS size FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME = 'WSREP_CLUSTER_SIZE';
