-- The replicas that are connected and gave their address (report_host).
-- Privileges: REPLICATION SLAVE
-- Reads: server_id=Server_id, host=Host, port=Port
SHOW SLAVE HOSTS;
