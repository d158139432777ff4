-- Where the value of read_only comes from: 5.7 does not say.
-- Privileges: none.  Columns: origin, value, path
SELECT 'UNKNOWN' AS origin, @@global.read_only AS value, '' AS path;
