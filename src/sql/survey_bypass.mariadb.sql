-- Accounts that read_only does not stop, by a privilege of their own or of a role they were given.
-- Privileges: SELECT on mysql.  Parameter: ours! (literals: our own account names)
-- Columns: user, host, reason, is_live (has a session now)
SELECT a.User AS user, a.Host AS host, MIN(a.reason) AS reason,
    EXISTS (SELECT 1 FROM information_schema.PROCESSLIST p WHERE p.USER = a.User
        AND SUBSTRING_INDEX(p.HOST, ':', 1) LIKE a.Host) AS is_live
FROM (
    SELECT u.User, u.Host, g.PRIVILEGE_TYPE AS reason
    FROM mysql.user u JOIN information_schema.USER_PRIVILEGES g ON g.GRANTEE = CONCAT(QUOTE(u.User), '@', QUOTE(u.Host))
    UNION ALL
    SELECT m.User, m.Host, CONCAT(g.PRIVILEGE_TYPE, ' through role ', m.Role)
    FROM mysql.roles_mapping m JOIN information_schema.USER_PRIVILEGES g
        ON g.GRANTEE IN (CONCAT(QUOTE(m.Role), '@'), CONCAT(QUOTE(m.Role), '@', QUOTE('')), QUOTE(m.Role))
    ) a
WHERE (a.reason LIKE 'READ_ONLY ADMIN%' OR a.reason LIKE 'READ ONLY ADMIN%'
        OR (VERSION() RLIKE '^10[.][0-9][.]|^10[.]10[.]' AND a.reason LIKE 'SUPER%'))
    AND a.User NOT IN ('mariadb.sys', :{ours!})
    AND NOT EXISTS (SELECT 1 FROM mysql.user r WHERE r.User = a.User AND r.Host = a.Host AND r.is_role = 'Y')
GROUP BY a.User, a.Host ORDER BY a.User, a.Host;
