-- The accounts that we have locked, or were about to, and whether they are.
-- Privileges: SELECT on cutover.held and on mysql
-- Columns: user, host, run, held_at, is_there (it was not dropped since), is_locked
SELECT h.user AS user, h.host AS host, h.run AS run, h.held_at AS held_at, a.User IS NOT NULL AS is_there,
    COALESCE(JSON_VALUE(a.Priv, '$.account_locked'), 0) = 1 AS is_locked
FROM cutover.held h LEFT JOIN mysql.global_priv a ON a.User = h.user AND a.Host = h.host
ORDER BY h.user, h.host;
