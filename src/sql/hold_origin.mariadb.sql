-- Where the value of read_only comes from: what a restart will do.
-- Privileges: none.  Columns: origin (CONFIG: from a file; COMPILE-TIME: no file names it; SQL: somebody has set it since, and
--                    what the file says cannot be seen), value, path
SELECT GLOBAL_VALUE_ORIGIN AS origin, GLOBAL_VALUE AS value, COALESCE(GLOBAL_VALUE_PATH, '') AS path
FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = 'READ_ONLY';
