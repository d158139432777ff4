-- Who may log in, and whether that account may write: all that is known to be harmless is named, everything else counts as
-- writing. A role counts, whatever it may do; what is granted to PUBLIC, or in mysql.db to nobody by name, is everybody's.
-- (Left out, because it cannot be told from grants: SELECT on a view whose function writes.)
-- Privileges: SELECT on mysql.  Parameters: databases!, ours! (lists of literals)
-- Columns: user, host, writes (why, '' when it cannot), is_locked, is_admin (has SUPER), is_socket (the operating system
--          vouches for it), is_local (comes through the socket, or from the host itself)
WITH writing (account, reason) AS (
    SELECT GRANTEE, MIN(PRIVILEGE_TYPE) FROM information_schema.USER_PRIVILEGES
     WHERE PRIVILEGE_TYPE NOT IN ('USAGE', 'SELECT', 'SHOW DATABASES', 'SHOW VIEW', 'PROCESS', 'FILE', 'REFERENCES',
        'LOCK TABLES', 'CREATE TEMPORARY TABLES', 'RELOAD', 'SHUTDOWN', 'REPLICATION SLAVE', 'REPLICATION CLIENT',
        'BINLOG MONITOR', 'SLAVE MONITOR', 'REPLICA MONITOR', 'CONNECTION ADMIN', 'SHOW CREATE ROUTINE') GROUP BY GRANTEE
    UNION ALL SELECT GRANTEE, MIN(CONCAT(PRIVILEGE_TYPE, ' on ', TABLE_SCHEMA)) FROM information_schema.SCHEMA_PRIVILEGES
     WHERE PRIVILEGE_TYPE NOT IN ('USAGE', 'SELECT', 'SHOW VIEW', 'REFERENCES', 'LOCK TABLES', 'CREATE TEMPORARY TABLES',
        'SHOW CREATE ROUTINE') GROUP BY GRANTEE
    UNION ALL SELECT GRANTEE, MIN(CONCAT(PRIVILEGE_TYPE, ' on ', TABLE_SCHEMA, '.', TABLE_NAME))
      FROM information_schema.TABLE_PRIVILEGES
     WHERE PRIVILEGE_TYPE NOT IN ('USAGE', 'SELECT', 'SHOW VIEW', 'REFERENCES') GROUP BY GRANTEE
    UNION ALL SELECT GRANTEE, MIN(CONCAT(PRIVILEGE_TYPE, ' on ', TABLE_SCHEMA, '.', TABLE_NAME))
      FROM information_schema.COLUMN_PRIVILEGES WHERE PRIVILEGE_TYPE NOT IN ('SELECT', 'REFERENCES') GROUP BY GRANTEE
    UNION ALL SELECT CONCAT('''', User, '''@''', Host, ''''), CONCAT(Proc_priv, ' on ', Db, '.', Routine_name)
      FROM mysql.procs_priv WHERE FIND_IN_SET('Execute', Proc_priv)
    UNION ALL SELECT CONCAT('''', User, '''@''', Host, ''''), CONCAT('the role ', Role)
      FROM mysql.roles_mapping WHERE Host <> ''
    UNION ALL SELECT CONCAT('''', User, '''@''', Host, ''''), 'PROXY' FROM mysql.proxies_priv WHERE Proxied_user <> ''),
  everybody (reason) AS (
    SELECT 'PUBLIC' FROM mysql.global_priv WHERE User = 'PUBLIC' AND Host = ''
       AND JSON_VALUE(Priv, '$.access') & (1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 12 | 1 << 13 | 1 << 18 | 1 << 27)
    UNION ALL SELECT CONCAT('a grant to everybody on ', d.Db) FROM mysql.db d
      JOIN information_schema.SCHEMATA s ON s.SCHEMA_NAME LIKE d.Db AND s.SCHEMA_NAME IN (:{databases!})
     WHERE (d.User = '' OR (d.User = 'PUBLIC' AND d.Host = ''))
       AND 'Y' IN (d.Insert_priv, d.Update_priv, d.Delete_priv, d.Create_priv, d.Drop_priv, d.Alter_priv, d.Index_priv,
            d.Execute_priv, d.Trigger_priv, d.Event_priv)
    UNION ALL SELECT CONCAT('a grant to PUBLIC on ', Db, '.', Table_name) FROM mysql.tables_priv
     WHERE User = 'PUBLIC' AND Host = '' AND CONCAT_WS(',', Table_priv, Column_priv) RLIKE 'Insert|Update|Delete|Create|Drop|Alter|Index|Trigger'
    UNION ALL SELECT CONCAT('a grant to PUBLIC on ', Db, '.', Routine_name) FROM mysql.procs_priv
     WHERE User = 'PUBLIC' AND Host = '' AND FIND_IN_SET('Execute', Proc_priv))
SELECT a.User AS user, a.Host AS host,
    COALESCE((SELECT MIN(w.reason) FROM writing w WHERE w.account = CONCAT('''', a.User, '''@''', a.Host, '''')),
        (SELECT MIN(e.reason) FROM everybody e), '') AS writes,
    COALESCE(JSON_VALUE(a.Priv, '$.account_locked'), 0) = 1 AS is_locked,
    JSON_VALUE(a.Priv, '$.access') & (1 << 15) <> 0 AS is_admin,
    COALESCE(JSON_VALUE(a.Priv, '$.plugin') = 'unix_socket', FALSE)
        OR COALESCE(JSON_EXTRACT(a.Priv, '$.auth_or') LIKE '%"unix_socket"%', FALSE) AS is_socket,
    a.Host = 'localhost' AS is_local
FROM mysql.global_priv a
WHERE COALESCE(JSON_VALUE(a.Priv, '$.is_role'), 0) <> 1 AND a.User NOT IN ('mariadb.sys', :{ours!})
ORDER BY a.User, a.Host;
