-- The accounts of a server. What proves who they are is read as a digest only; salted: one password has many.
-- Privileges: SELECT on mysql.*.  Parameters: ours!, held! (literals: our own account names; accounts that we locked)
-- Columns: as selected; account in the form of information_schema's GRANTEE
SELECT CONCAT('''', User, '''@''', Host, '''') AS account, 0 AS is_role, plugin,
       CONCAT(IF(plugin = 'sha256_password', 'salted ', ''), SHA2(authentication_string, 256)) AS secret,
       CONCAT_WS(' ', ssl_type, ssl_cipher, x509_issuer, x509_subject) AS tls,
       account_locked = 'Y' AND CONCAT('''', User, '''@''', Host, '''') NOT IN (:{held!}) AS is_locked,
       CONCAT_WS(' ', max_questions, max_updates, max_connections, max_user_connections) AS limits, '' AS default_role,
       '' AS access
  FROM mysql.user WHERE User NOT IN ('', 'root', 'mysql.session', 'mysql.sys', 'debian-sys-maint', :{ours!})
