-- The files of the binary log, oldest first.
-- Privileges: BINLOG MONITOR (MariaDB), REPLICATION CLIENT (MySQL).  Columns: Log_name, File_size
SHOW BINARY LOGS
