-- The replicas that are connected and gave their address (report_host).
-- Privileges: REPLICATION SLAVE
-- Reads: server_id=Server_Id, host=Host, port=Port
SHOW REPLICAS;
