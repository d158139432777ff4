-- Everything that somebody was granted. A role is given under "role", with what it is.
-- Privileges: SELECT on mysql.*
-- Columns: account (as GRANTEE of information_schema), db (a pattern; NULL for none), scope, privileges (a list), role (the account
--          that is reached as a role, or NULL)
SELECT GRANTEE AS account, NULL AS db, 'all databases' AS scope,
       GROUP_CONCAT(PRIVILEGE_TYPE, IF(IS_GRANTABLE = 'YES', ' (grantable)', '') ORDER BY PRIVILEGE_TYPE SEPARATOR ', ')
           AS privileges, NULL AS role
  FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE <> 'USAGE' OR IS_GRANTABLE = 'YES' GROUP BY GRANTEE
UNION ALL
SELECT GRANTEE, TABLE_SCHEMA, CONCAT('database ', TABLE_SCHEMA),
       GROUP_CONCAT(PRIVILEGE_TYPE, IF(IS_GRANTABLE = 'YES', ' (grantable)', '') ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), NULL
  FROM information_schema.SCHEMA_PRIVILEGES GROUP BY GRANTEE, TABLE_SCHEMA
UNION ALL
SELECT GRANTEE, TABLE_SCHEMA, CONCAT('table ', TABLE_SCHEMA, '.', TABLE_NAME),
       GROUP_CONCAT(PRIVILEGE_TYPE, IF(IS_GRANTABLE = 'YES', ' (grantable)', '') ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), NULL
  FROM information_schema.TABLE_PRIVILEGES GROUP BY GRANTEE, TABLE_SCHEMA, TABLE_NAME
UNION ALL
SELECT CONCAT('''', User, '''@''', Host, ''''), Db, CONCAT('column ', Db, '.', Table_name, '.', Column_name),
       REPLACE(UPPER(Column_priv), ',', ', '), NULL FROM mysql.columns_priv
UNION ALL
SELECT CONCAT('''', User, '''@''', Host, ''''), Db, CONCAT(LOWER(Routine_type), ' ', Db, '.', Routine_name),
       REPLACE(UPPER(Proc_priv), ',', ', '), NULL FROM mysql.procs_priv
UNION ALL
SELECT CONCAT('''', User, '''@''', Host, ''''), NULL, CONCAT('role ', Role), IF(Admin_option = 'Y', 'WITH ADMIN OPTION', 'GRANTED'),
       CONCAT('''', Role, '''@''''') FROM mysql.roles_mapping
