-- Every replication channel of a node, the default one ("") included.
-- Privileges: SLAVE MONITOR
-- Why not Gtid_Slave_Pos: it shows the current position, own transactions included.
-- Reads: channel=Connection_name, source_host=Master_Host, source_port=Master_Port, receiving=Slave_IO_Running,
--        applying=Slave_SQL_Running, io_errno=Last_IO_Errno, io_error=Last_IO_Error, sql_errno=Last_SQL_Errno,
--        sql_error=Last_SQL_Error, delay=Seconds_Behind_Master, received=Gtid_IO_Pos,
--        ignored=Replicate_Ignore_Domain_Ids, uses_gtid=Using_Gtid, tls=Master_SSL_Allowed,
--        source_user=Master_User, set_delay=SQL_Delay
SHOW ALL SLAVES STATUS;
