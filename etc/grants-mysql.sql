-- The accounts cutover needs on MySQL, each with the least it can work with. Percona Server is a MySQL here.
--
-- Run it as an administrator on EVERY node of both clusters, after replacing
--   'CHANGE-ME-...'  by three passwords of your own (the ones your cutover.cfg refers to),
--   '%'              by the addresses cutover and the replicas connect from,
--   `blog`           by each schema that moves (repeat those GRANTs for every schema).
--
-- It runs as it stands on 8.4 and newer. What older releases do not know stands in /*! comments */, which they skip:
--   8.0 before 8.2   knows neither SET_ANY_DEFINER nor ALLOW_NONEXISTENT_DEFINER. Add:
--                      GRANT SET_USER_ID ON *.* TO 'cutover'@'%';
--   5.7              has no privileges with an underscore, and no CLONE. Add:
--                      GRANT SUPER, CREATE USER ON *.* TO 'cutover'@'%';
--                    CREATE USER is for ALTER USER ... ACCOUNT LOCK: a closed side that restarts is open (see fence.hold).
--                    There SUPER lets an account write through read_only, too: cutover then says so.

SET SESSION sql_log_bin = 0;  -- accounts belong to a node: they must not travel, nor become stray transactions on NEW

-- The replication account: what a replica logs in with. It reads the binary log and nothing else.
CREATE USER IF NOT EXISTS 'cutover_repl'@'%' IDENTIFIED BY 'CHANGE-ME-replication';
GRANT REPLICATION SLAVE ON *.* TO 'cutover_repl'@'%';

-- The monitor: writes the heartbeat. It has no administrative privilege on purpose, not even CONNECTION_ADMIN, so that
-- read_only stops it and the heartbeat proves whether a node takes writes.
CREATE USER IF NOT EXISTS 'cutover_monitor'@'%' IDENTIFIED BY 'CHANGE-ME-monitor';
GRANT SELECT, INSERT, UPDATE, DELETE ON `cutover`.* TO 'cutover_monitor'@'%';

-- The controller: the account that performs the move.
CREATE USER IF NOT EXISTS 'cutover'@'%' IDENTIFIED BY 'CHANGE-ME-controller';
GRANT REPLICATION CLIENT,   -- SHOW REPLICA STATUS, SHOW BINARY LOGS: is the position we need still there
      REPLICATION SLAVE,    -- SHOW REPLICAS: which replicas hang on a node
      PROCESS,              -- to see the application's sessions and open transactions
      RELOAD                -- RESET REPLICA ALL, RESET BINARY LOGS AND GTIDS, a short FLUSH TABLES WITH READ LOCK
   ON *.* TO 'cutover'@'%';
/*!80000 GRANT
      REPLICATION_SLAVE_ADMIN,  -- CHANGE REPLICATION SOURCE, START and STOP REPLICA
      SYSTEM_VARIABLES_ADMIN,   -- read_only, super_read_only, gtid_purged, auto_increment_*, event_scheduler, and
                                -- sql_log_bin = 0 while seeding: the seed must not become transactions of NEW
      CONNECTION_ADMIN,         -- KILL of application sessions that outlive the fence, our own rows on a NEW that waits
      XA_RECOVER_ADMIN          -- XA RECOVER: prepared transactions would be cut off
   ON *.* TO 'cutover'@'%' */;
/*!80016 GRANT
      SYSTEM_USER               -- to KILL sessions and to switch events of accounts that have it, such as root's
   ON *.* TO 'cutover'@'%' */;
/*!80017 GRANT
      BACKUP_ADMIN,             -- CLONE on the node that is copied from (leave these two out if you seed otherwise)
      CLONE_ADMIN               -- CLONE on the node that is copied to
   ON *.* TO 'cutover'@'%' */;
/*!80020 GRANT
      SHOW_ROUTINE              -- to read the texts of routines while seeding; 8.0 before 8.0.20: GRANT SELECT ON *.*
   ON *.* TO 'cutover'@'%' */;
/*!80200 GRANT
      SET_ANY_DEFINER,          -- views, triggers, routines and events keep their definers
      ALLOW_NONEXISTENT_DEFINER -- even where such an account was dropped long ago
   ON *.* TO 'cutover'@'%' */;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES, TRIGGER, CREATE VIEW,
      SHOW VIEW, EVENT, CREATE ROUTINE, ALTER ROUTINE, EXECUTE
   ON `blog`.* TO 'cutover'@'%';                       -- seed, compare, repair; switch events over
GRANT ALL PRIVILEGES ON `cutover`.* TO 'cutover'@'%';  -- its own schema: lease, heartbeat, probe rows
GRANT SELECT ON `mysql`.* TO 'cutover'@'%';            -- list accounts and what they may do
GRANT SELECT ON `performance_schema`.* TO 'cutover'@'%';  -- how replication is, and what stopped it
