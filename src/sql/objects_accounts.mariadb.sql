-- The accounts and roles of a server. What proves who they are is read as a digest only; salted: one password has many.
-- access is for roles: no other list has their global privileges.
-- Privileges: SELECT on mysql.*.  Parameters: ours!, held! (literals: our own account names; accounts that we locked)
-- Columns: as selected; account in the form of information_schema's GRANTEE
SELECT CONCAT('''', g.User, '''@''', g.Host, '''') AS account, COALESCE(JSON_VALUE(g.Priv, '$.is_role'), 0) AS is_role,
       CONCAT(COALESCE(JSON_VALUE(g.Priv, '$.plugin'), ''), COALESCE(JSON_EXTRACT(g.Priv, '$.auth_or[*].plugin'), ''))
           AS plugin,
       CONCAT(IF(g.Priv LIKE '%"parsec"%', 'salted ', ''), SHA2(CONCAT(
           COALESCE(JSON_VALUE(g.Priv, '$.authentication_string'), ''), COALESCE(JSON_EXTRACT(g.Priv, '$.auth_or'), '')), 256))
           AS secret,
       CONCAT_WS(' ', u.ssl_type, u.ssl_cipher, u.x509_issuer, u.x509_subject) AS tls,
       IF(CONCAT('''', g.User, '''@''', g.Host, '''') IN (:{held!}), 0, COALESCE(JSON_VALUE(g.Priv, '$.account_locked'), 0))
           AS is_locked,
       CONCAT_WS(' ', u.max_questions, u.max_updates, u.max_connections, u.max_user_connections, u.max_statement_time)
           AS limits,
       u.default_role AS default_role,
       IF(JSON_VALUE(g.Priv, '$.is_role') = 1, JSON_VALUE(g.Priv, '$.access'), '') AS access
  FROM mysql.global_priv g JOIN mysql.user u ON u.User = g.User AND u.Host = g.Host
 WHERE g.User NOT IN ('', 'root', 'mysql', 'mariadb.sys', 'PUBLIC', 'debian-sys-maint', :{ours!})
