-- The accounts cutover needs on MariaDB 10.5 and newer, each with the least it can work with.
--
-- Run it as an administrator on EVERY node of both clusters, after replacing
--   'CHANGE-ME-...'  by three passwords of your own (the ones your cutover.cfg refers to),
--   '%'              by the addresses cutover and the replicas connect from,
--   `blog`           by each schema that moves (repeat those GRANTs for every schema).

SET SESSION sql_log_bin = 0;  -- accounts belong to a node: they must not travel, nor become stray transactions on NEW

-- The replication account: what a replica logs in with. It reads the binary log and nothing else.
CREATE USER IF NOT EXISTS 'cutover_repl'@'%' IDENTIFIED BY 'CHANGE-ME-replication';
GRANT REPLICATION SLAVE ON *.* TO 'cutover_repl'@'%';

-- The monitor: writes the heartbeat. It has no administrative privilege on purpose, so that read_only stops it
-- and the heartbeat proves whether a node takes writes.
CREATE USER IF NOT EXISTS 'cutover_monitor'@'%' IDENTIFIED BY 'CHANGE-ME-monitor';
GRANT SELECT, INSERT, UPDATE, DELETE ON `cutover`.* TO 'cutover_monitor'@'%';

-- The controller: the account that performs the move.
CREATE USER IF NOT EXISTS 'cutover'@'%' IDENTIFIED BY 'CHANGE-ME-controller';
GRANT REPLICATION SLAVE ADMIN,   -- CHANGE MASTER, START and STOP SLAVE, gtid_slave_pos
      REPLICATION MASTER ADMIN,  -- SHOW SLAVE HOSTS: which replicas hang on a node
      SLAVE MONITOR,             -- SHOW ALL SLAVES STATUS
      BINLOG MONITOR,            -- SHOW BINARY LOGS: is the position we need still there
      BINLOG ADMIN,              -- sql_log_bin = 0 while seeding: the seed must not travel back
      READ_ONLY ADMIN,           -- read_only: to close and open a primary
      CONNECTION ADMIN,          -- KILL of application sessions that outlive the fence
      PROCESS,                   -- to see those sessions and open transactions
      RELOAD,                    -- RESET SLAVE ALL, RESET MASTER, a short FLUSH TABLES WITH READ LOCK
      CREATE USER,               -- ALTER USER ... ACCOUNT LOCK: a closed side that restarts is open (see fence.hold)
      SET USER,                  -- views, triggers, routines and events keep their definers
      SUPER                      -- SET GLOBAL auto_increment_* and event_scheduler; nothing less allows it
   ON *.* TO 'cutover'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES, TRIGGER, CREATE VIEW,
      SHOW VIEW, EVENT, CREATE ROUTINE, ALTER ROUTINE, EXECUTE
   ON `blog`.* TO 'cutover'@'%';                    -- seed, compare, repair; switch events over
GRANT ALL PRIVILEGES ON `cutover`.* TO 'cutover'@'%';  -- its own schema: lease, heartbeat, probe rows
GRANT SELECT ON `mysql`.* TO 'cutover'@'%';            -- list accounts and what they may do
GRANT SELECT ON `performance_schema`.* TO 'cutover'@'%';  -- where it is on: what connected programs call themselves
