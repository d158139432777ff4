-- The state of all replication channels that end here.
-- Privileges: SLAVE MONITOR
-- Reads: channel=Connection_name, source_host=Master_Host, source_port=Master_Port, receiving=Slave_IO_Running,
--        applying=Slave_SQL_Running, io_errno=Last_IO_Errno, io_error=Last_IO_Error, sql_errno=Last_SQL_Errno,
--        sql_error=Last_SQL_Error
SHOW ALL SLAVES STATUS
