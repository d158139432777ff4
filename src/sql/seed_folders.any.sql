-- Where a server keeps its data, and its binary log (empty without one).
-- Privileges: none.  Columns: Variable_name, Value
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('datadir', 'log_bin_basename');
