-- Accounts that read_only does not stop, by a privilege of their own or by a role that reaches them, through other roles too.
-- READ ONLY ADMIN is bit 33 of an account's access, SUPER bit 15; SUPER alone sufficed before 10.11. USER_PRIVILEGES lists
-- accounts only, roles are looked up by their bits.
-- Privileges: SELECT on mysql.  Parameter: ours! (literals: our own account names)
-- Columns: user, host, reason, is_live (has a session now), is_stopped (by the fence: never)
WITH RECURSIVE
    rule AS (SELECT (1 << 33) | IF(VERSION() RLIKE '^10[.]([5-9]|10)[.]', 1 << 15, 0) AS bits),
    risky (role, reason) AS (
        SELECT g.User, CAST(CONCAT('READ_ONLY ADMIN through role ', g.User) AS CHAR(200))
        FROM mysql.global_priv g JOIN rule
        WHERE JSON_VALUE(g.Priv, '$.is_role') = 1 AND JSON_VALUE(g.Priv, '$.access') & rule.bits
        UNION
        SELECT m.User, r.reason FROM mysql.roles_mapping m JOIN risky r ON m.Role = r.role WHERE m.Host = ''),
    reached (user, host, reason) AS (
        SELECT u.User, u.Host, p.PRIVILEGE_TYPE
        FROM mysql.user u JOIN information_schema.USER_PRIVILEGES p ON p.GRANTEE = CONCAT(QUOTE(u.User), '@', QUOTE(u.Host))
        JOIN rule
        WHERE p.PRIVILEGE_TYPE = 'READ_ONLY ADMIN' OR (p.PRIVILEGE_TYPE = 'SUPER' AND rule.bits & (1 << 15))
        UNION ALL
        SELECT m.User, m.Host, r.reason FROM mysql.roles_mapping m JOIN risky r ON m.Role = r.role WHERE m.Host <> '')
SELECT a.user AS user, a.host AS host, MIN(a.reason) AS reason,
    EXISTS (SELECT 1 FROM information_schema.PROCESSLIST p WHERE p.USER = a.user
        AND SUBSTRING_INDEX(p.HOST, ':', 1) LIKE a.host) AS is_live, FALSE AS is_stopped
FROM reached a WHERE a.user NOT IN ('mariadb.sys', :{ours!})
GROUP BY a.user, a.host ORDER BY a.user, a.host;
