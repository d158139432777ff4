-- The accounts without which the databases do not work: definers, and those who were granted something on them.
-- Privileges: SELECT on mysql.*.  Parameters: databases!, ours! (lists of literals).  Columns: user, host
SELECT DISTINCT owner.user, owner.host FROM (
    SELECT User AS user, Host AS host, Db AS db FROM mysql.db
    UNION SELECT User, Host, Db FROM mysql.tables_priv
    UNION SELECT User, Host, Db FROM mysql.columns_priv
    UNION SELECT User, Host, Db FROM mysql.procs_priv
    UNION SELECT SUBSTRING_INDEX(definer, '@', 1), SUBSTRING_INDEX(definer, '@', -1), db FROM mysql.proc
    UNION SELECT SUBSTRING_INDEX(definer, '@', 1), SUBSTRING_INDEX(definer, '@', -1), db FROM mysql.event
    UNION SELECT SUBSTRING_INDEX(DEFINER, '@', 1), SUBSTRING_INDEX(DEFINER, '@', -1), TABLE_SCHEMA
            FROM information_schema.VIEWS
    UNION SELECT SUBSTRING_INDEX(DEFINER, '@', 1), SUBSTRING_INDEX(DEFINER, '@', -1), TRIGGER_SCHEMA
            FROM information_schema.TRIGGERS
  ) AS owner
  JOIN mysql.user AS account ON account.User = owner.user AND account.Host = owner.host
 WHERE (owner.db IN (:{databases!}) OR REPLACE(owner.db, '\\_', '_') IN (:{databases!}))
   AND owner.user NOT IN ('', 'root', 'mysql', 'mariadb.sys', 'PUBLIC', :{ours!})
 ORDER BY owner.user, owner.host
