-- Accounts that read_only does not stop; super_read_only, the fence, stops them all. One of them could open the node, though.
-- Privileges: SELECT on mysql.  Parameter: ours! (literals: our own account names)
-- Columns: user, host, reason, is_live (has a session now), is_stopped (by the fence: always)
SELECT a.User AS user, a.Host AS host, 'SUPER' AS reason,
    EXISTS (SELECT 1 FROM information_schema.PROCESSLIST p WHERE p.USER = a.User
        AND SUBSTRING_INDEX(p.HOST, ':', 1) LIKE a.Host) AS is_live, TRUE AS is_stopped
FROM mysql.user a WHERE a.Super_priv = 'Y' AND a.User NOT IN ('mysql.session', 'mysql.sys', :{ours!})
ORDER BY a.User, a.Host;
