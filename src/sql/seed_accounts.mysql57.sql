-- The accounts without which the databases do not work: definers, and those who were granted something on them.
-- Privileges: SELECT on mysql.* and on the databases.  Parameters: databases!, ours! (lists of literals).  Columns: user, host
SELECT DISTINCT account.User AS user, account.Host AS host FROM (
    SELECT CONCAT(User, '@', Host) COLLATE utf8_bin AS name, Db COLLATE utf8_bin AS db FROM mysql.db
    UNION SELECT CONCAT(User, '@', Host) COLLATE utf8_bin, Db COLLATE utf8_bin FROM mysql.tables_priv
    UNION SELECT CONCAT(User, '@', Host) COLLATE utf8_bin, Db COLLATE utf8_bin FROM mysql.columns_priv
    UNION SELECT CONCAT(User, '@', Host) COLLATE utf8_bin, Db COLLATE utf8_bin FROM mysql.procs_priv
    UNION SELECT DEFINER COLLATE utf8_bin, ROUTINE_SCHEMA COLLATE utf8_bin FROM information_schema.ROUTINES
    UNION SELECT DEFINER COLLATE utf8_bin, EVENT_SCHEMA COLLATE utf8_bin FROM information_schema.EVENTS
    UNION SELECT DEFINER COLLATE utf8_bin, TABLE_SCHEMA COLLATE utf8_bin FROM information_schema.VIEWS
    UNION SELECT DEFINER COLLATE utf8_bin, TRIGGER_SCHEMA COLLATE utf8_bin FROM information_schema.TRIGGERS
  ) AS owner
  JOIN mysql.user AS account ON CONCAT(account.User, '@', account.Host) COLLATE utf8_bin = owner.name
 WHERE (owner.db IN (:{databases!}) OR REPLACE(owner.db, '\\_', '_') IN (:{databases!}))
   AND account.User NOT IN ('', 'root', 'mysql.session', 'mysql.sys', :{ours!})
 ORDER BY account.User, account.Host
