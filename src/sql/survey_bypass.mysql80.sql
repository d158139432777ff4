-- Accounts that read_only does not stop, by a privilege of their own or by a role that reaches them, through other roles too.
-- super_read_only, the fence, stops them all; those with SUPER or SYSTEM_VARIABLES_ADMIN could open the node, though. A role
-- nobody can log in as is not an account.
-- The hint: a recursion whose temporary table no longer fits into temptable_max_ram, which all sessions share, fails with
-- error 1146 (Bug#112704). Tables of the MEMORY engine have room of their own.
-- Privileges: SELECT on mysql.  Parameter: ours! (literals: our own account names)
-- Columns: user, host, reason, is_live (has a session now), is_stopped (by the fence: always)
WITH RECURSIVE risky (user, host, reason) AS (
    SELECT User, Host, CAST('SUPER' AS CHAR(300)) FROM mysql.user WHERE Super_priv = 'Y'
    UNION SELECT USER, HOST, IF(PRIV = 'CONNECTION_ADMIN', PRIV, CONCAT(PRIV, ', which can switch it off'))
        FROM mysql.global_grants WHERE PRIV IN ('CONNECTION_ADMIN', 'SYSTEM_VARIABLES_ADMIN')
    UNION SELECT e.TO_USER, e.TO_HOST,
            IF(r.reason LIKE '% through role %', r.reason, CONCAT(r.reason, ' through role ', r.user))
        FROM mysql.role_edges e JOIN risky r ON e.FROM_USER = r.user AND e.FROM_HOST = r.host)
SELECT /*+ SET_VAR(internal_tmp_mem_storage_engine = MEMORY) */ a.user AS user, a.host AS host, MAX(a.reason) AS reason,
    EXISTS (SELECT 1 FROM performance_schema.threads p WHERE p.PROCESSLIST_USER = a.user
        AND p.PROCESSLIST_HOST LIKE a.host) AS is_live, TRUE AS is_stopped
FROM risky a JOIN mysql.user u ON u.User = a.user AND u.Host = a.host
WHERE a.user NOT IN ('mysql.session', 'mysql.infoschema', 'mysql.sys', :{ours!})
    AND NOT (u.account_locked = 'Y' AND EXISTS (SELECT 1 FROM mysql.role_edges e
        WHERE e.FROM_USER = a.user AND e.FROM_HOST = a.host))
GROUP BY a.user, a.host ORDER BY a.user, a.host;
