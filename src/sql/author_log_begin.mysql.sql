-- What a file of the binary log begins after: its first events, one of which is Previous_gtids.
-- Privileges: REPLICATION SLAVE.  Parameter: file
-- Reads: position=Info, type=Event_type
SHOW BINLOG EVENTS IN :{file} LIMIT 3
