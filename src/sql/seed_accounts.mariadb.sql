-- The accounts and roles without which the databases do not work: definers, those who were granted something on them, and
-- those who are given such a role. A role comes before those it was given to, because their grants name it.
-- Privileges: SELECT on mysql.*.  Parameters: databases!, ours! (lists of literals).  Columns: user, host, is_role
WITH RECURSIVE owner (user, host, db) AS (
    SELECT User, Host, Db FROM mysql.db
    UNION SELECT User, Host, Db FROM mysql.tables_priv
    UNION SELECT User, Host, Db FROM mysql.columns_priv
    UNION SELECT User, Host, Db FROM mysql.procs_priv
    UNION SELECT SUBSTRING_INDEX(definer, '@', 1), SUBSTRING_INDEX(definer, '@', -1), db FROM mysql.proc
    UNION SELECT SUBSTRING_INDEX(definer, '@', 1), SUBSTRING_INDEX(definer, '@', -1), db FROM mysql.event
    UNION SELECT SUBSTRING_INDEX(DEFINER, '@', 1), SUBSTRING_INDEX(DEFINER, '@', -1), TABLE_SCHEMA
            FROM information_schema.VIEWS
    UNION SELECT SUBSTRING_INDEX(DEFINER, '@', 1), SUBSTRING_INDEX(DEFINER, '@', -1), TRIGGER_SCHEMA
            FROM information_schema.TRIGGERS),
  wanted (user, host, depth) AS (
    SELECT account.User, account.Host, 0 FROM mysql.user AS account
      JOIN owner ON account.User = owner.user AND account.Host = owner.host
     WHERE owner.db IN (:{databases!}) OR REPLACE(owner.db, '\\_', '_') IN (:{databases!})
    UNION SELECT given.User, given.Host, wanted.depth + 1 FROM mysql.roles_mapping AS given
      JOIN wanted ON given.Role = wanted.user AND wanted.host = '')
SELECT wanted.user, wanted.host, account.is_role = 'Y' AS is_role FROM wanted
  JOIN mysql.user AS account ON account.User = wanted.user AND account.Host = wanted.host
 WHERE wanted.user NOT IN ('', 'root', 'mysql', 'mariadb.sys', 'PUBLIC', :{ours!})
 GROUP BY wanted.user, wanted.host ORDER BY MAX(wanted.depth), wanted.user, wanted.host
