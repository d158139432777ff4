-- Who may log in, and whether that account may write: all that is known to be harmless is named, everything else counts as
-- writing. What is granted in mysql.db to nobody by name is everybody's.
-- (Left out, because it cannot be told from grants: SELECT on a view whose function writes.)
-- Privileges: SELECT on mysql.  Parameters: databases!, ours! (lists of literals)
-- Columns: user, host, writes (why, '' when it cannot), is_locked, is_admin (has SUPER), is_socket (the operating system
--          vouches for it), is_local (comes through the socket, or from the host itself)
SELECT a.User AS user, a.Host AS host, COALESCE(
    (SELECT MIN(u.PRIVILEGE_TYPE) FROM information_schema.USER_PRIVILEGES u
      WHERE u.GRANTEE = CONCAT('''', a.User, '''@''', a.Host, '''') AND u.PRIVILEGE_TYPE NOT IN ('USAGE', 'SELECT',
        'SHOW DATABASES', 'SHOW VIEW', 'PROCESS', 'FILE', 'REFERENCES', 'LOCK TABLES', 'CREATE TEMPORARY TABLES', 'RELOAD',
        'SHUTDOWN', 'REPLICATION SLAVE', 'REPLICATION CLIENT')),
    (SELECT MIN(CONCAT(d.PRIVILEGE_TYPE, ' on ', d.TABLE_SCHEMA)) FROM information_schema.SCHEMA_PRIVILEGES d
      WHERE d.GRANTEE = CONCAT('''', a.User, '''@''', a.Host, '''') AND d.PRIVILEGE_TYPE NOT IN ('USAGE', 'SELECT',
        'SHOW VIEW', 'REFERENCES', 'LOCK TABLES', 'CREATE TEMPORARY TABLES')),
    (SELECT MIN(CONCAT(t.PRIVILEGE_TYPE, ' on ', t.TABLE_SCHEMA, '.', t.TABLE_NAME)) FROM information_schema.TABLE_PRIVILEGES t
      WHERE t.GRANTEE = CONCAT('''', a.User, '''@''', a.Host, '''') AND t.PRIVILEGE_TYPE NOT IN ('USAGE', 'SELECT',
        'SHOW VIEW', 'REFERENCES')),
    (SELECT MIN(CONCAT(c.PRIVILEGE_TYPE, ' on ', c.TABLE_SCHEMA, '.', c.TABLE_NAME)) FROM information_schema.COLUMN_PRIVILEGES c
      WHERE c.GRANTEE = CONCAT('''', a.User, '''@''', a.Host, '''') AND c.PRIVILEGE_TYPE NOT IN ('SELECT', 'REFERENCES')),
    (SELECT MIN(CONCAT('Execute on ', p.Db, '.', p.Routine_name)) FROM mysql.procs_priv p
      WHERE p.User = a.User AND p.Host = a.Host AND FIND_IN_SET('Execute', p.Proc_priv)),
    (SELECT MIN('PROXY') FROM mysql.proxies_priv x WHERE x.User = a.User AND x.Host = a.Host AND x.Proxied_user <> ''),
    (SELECT MIN(CONCAT('a grant to everybody on ', d.Db)) FROM mysql.db d
       JOIN information_schema.SCHEMATA s ON s.SCHEMA_NAME LIKE d.Db AND s.SCHEMA_NAME IN (:{databases!})
      WHERE d.User = '' AND 'Y' IN (d.Insert_priv, d.Update_priv, d.Delete_priv, d.Create_priv, d.Drop_priv, d.Alter_priv,
            d.Index_priv, d.Execute_priv, d.Trigger_priv, d.Event_priv)),
    '') AS writes,
    a.account_locked = 'Y' AS is_locked, a.Super_priv = 'Y' AS is_admin, a.plugin = 'auth_socket' AS is_socket,
    a.Host = 'localhost' AS is_local
FROM mysql.user a
WHERE a.User NOT IN ('mysql.session', 'mysql.sys', :{ours!})
ORDER BY a.User, a.Host;
