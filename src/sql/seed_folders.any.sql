-- Where a server keeps its data, and its binary log ('' without one).
-- Privileges: none.  Columns: datadir, log_base
SELECT @@global.datadir AS datadir, COALESCE(@@global.log_bin_basename, '') AS log_base
