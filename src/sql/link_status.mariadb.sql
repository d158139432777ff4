-- Every replication channel of a node, the default one ("") included.
-- Privileges: SLAVE MONITOR
-- Columns: Connection_name, Master_Host, Master_Port, Slave_IO_Running, Slave_SQL_Running, Last_IO_Errno, Last_IO_Error,
--          Last_SQL_Errno, Last_SQL_Error, Seconds_Behind_Master, Gtid_IO_Pos, Replicate_Ignore_Domain_Ids, Using_Gtid,
--          Master_SSL_Allowed. Gtid_Slave_Pos is not read: it shows the current position, own transactions included
SHOW ALL SLAVES STATUS;
