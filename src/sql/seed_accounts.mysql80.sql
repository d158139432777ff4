-- The accounts without which the databases do not work: definers, those who were granted something on them, and those who
-- reach such an account as a role. A role comes before those it was given to, because their grants name it.
-- The hint: a recursion whose temporary table no longer fits into temptable_max_ram, which all sessions share, fails with
-- error 1146 (Bug#112704). Tables of the MEMORY engine have room of their own.
-- Privileges: SELECT on mysql.*, SHOW_ROUTINE, and SELECT, EVENT, TRIGGER, SHOW VIEW on the databases.
-- Parameters: databases!, ours! (lists of literals).  Columns: user, host, is_role
WITH RECURSIVE owner (name, db) AS (
    SELECT CONCAT(User, '@', Host), Db FROM mysql.db
    UNION SELECT CONCAT(User, '@', Host), Db FROM mysql.tables_priv
    UNION SELECT CONCAT(User, '@', Host), Db FROM mysql.columns_priv
    UNION SELECT CONCAT(User, '@', Host), Db FROM mysql.procs_priv
    UNION SELECT DEFINER, ROUTINE_SCHEMA FROM information_schema.ROUTINES
    UNION SELECT DEFINER, EVENT_SCHEMA FROM information_schema.EVENTS
    UNION SELECT DEFINER, TABLE_SCHEMA FROM information_schema.VIEWS
    UNION SELECT DEFINER, TRIGGER_SCHEMA FROM information_schema.TRIGGERS),
  wanted (user, host, depth) AS (
    SELECT account.User, account.Host, 0 FROM mysql.user AS account
      JOIN owner ON CONCAT(account.User, '@', account.Host) = owner.name
     WHERE owner.db IN (:{databases!}) OR REPLACE(owner.db, '\\_', '_') IN (:{databases!})
    UNION SELECT edge.TO_USER, edge.TO_HOST, wanted.depth + 1 FROM mysql.role_edges AS edge
      JOIN wanted ON edge.FROM_USER = wanted.user AND edge.FROM_HOST = wanted.host)
SELECT /*+ SET_VAR(internal_tmp_mem_storage_engine = MEMORY) */ user, host, 0 AS is_role FROM wanted
 WHERE user NOT IN ('', 'root', 'mysql.session', 'mysql.infoschema', 'mysql.sys', :{ours!})
 GROUP BY user, host ORDER BY MAX(depth), user, host
