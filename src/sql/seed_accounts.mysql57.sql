-- The accounts without which the databases do not work: definers, and those who were granted something on them.
-- Privileges: SELECT on mysql.* and on the databases.  Parameters: databases!, ours! (lists of literals).  Columns: user, host, is_role
SELECT DISTINCT account.User AS user, account.Host AS host, 0 AS is_role FROM (
    SELECT CONCAT(User, '@', Host) AS name, Db AS db FROM mysql.db
    UNION SELECT CONCAT(User, '@', Host), Db FROM mysql.tables_priv
    UNION SELECT CONCAT(User, '@', Host), Db FROM mysql.columns_priv
    UNION SELECT CONCAT(User, '@', Host), Db FROM mysql.procs_priv
    UNION SELECT DEFINER, ROUTINE_SCHEMA FROM information_schema.ROUTINES
    UNION SELECT DEFINER, EVENT_SCHEMA FROM information_schema.EVENTS
    UNION SELECT DEFINER, TABLE_SCHEMA FROM information_schema.VIEWS
    UNION SELECT DEFINER, TRIGGER_SCHEMA FROM information_schema.TRIGGERS
  ) AS owner
  JOIN mysql.user AS account ON CONCAT(account.User, '@', account.Host) = owner.name
 WHERE (owner.db IN (:{databases!}) OR REPLACE(owner.db, '\\_', '_') IN (:{databases!}))
   AND account.User NOT IN ('', 'root', 'mysql.session', 'mysql.sys', :{ours!})
 ORDER BY account.User, account.Host
