-- The state of all replication channels that end here.
-- Versions:   MariaDB      Privileges: SLAVE MONITOR
-- Parameters: none
-- Columns:    Connection_name, Slave_IO_Running, Slave_SQL_Running, Last_IO_Errno, Last_IO_Error, Last_SQL_Errno, Last_SQL_Error
SHOW ALL SLAVES STATUS
