-- The domain in which this server numbers its own transactions.
-- Privileges: none.  Columns: gtid_domain
SELECT @@global.gtid_domain_id AS gtid_domain;
