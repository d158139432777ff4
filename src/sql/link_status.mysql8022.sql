-- Every replication channel of a node, the default one ("") included. With several
-- appliers an error here only says that the coordinator stopped: link_workers has its text.
-- Privileges: REPLICATION CLIENT
-- Reads: channel=Channel_Name, source_host=Source_Host, source_port=Source_Port, receiving=Replica_IO_Running,
--        applying=Replica_SQL_Running, io_errno=Last_IO_Errno, io_error=Last_IO_Error, sql_errno=Last_SQL_Errno,
--        sql_error=Last_SQL_Error,
--        delay=Seconds_Behind_Source, received=Retrieved_Gtid_Set, ignored=, uses_gtid=Auto_Position,
--        tls=Source_SSL_Allowed,
--        source_user=Source_User, set_delay=SQL_Delay
SHOW REPLICA STATUS;
