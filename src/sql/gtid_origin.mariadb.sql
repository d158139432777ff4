-- Who numbers this server's own transactions: its GTID domain.
-- Privileges: none.  Column: origin
SELECT @@global.gtid_domain_id AS origin;
