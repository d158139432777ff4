-- The accounts that a fence has locked on this server, in the form of information_schema's GRANTEE: their lock is ours, and
-- no difference between the sides.
-- Privileges: SELECT on cutover.held
-- Columns: account
SELECT CONCAT('''', h.user, '''@''', h.host, '''') AS account FROM cutover.held h
