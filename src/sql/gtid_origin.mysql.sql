-- Who numbers this server's own transactions: its UUID.
-- Privileges: none.  Column: origin
SELECT @@global.server_uuid AS origin;
