-- One sequence, and the first of its values that nobody was given yet, with how far apart values are.
-- Only: mariadb (MySQL has none)
-- Privileges: SELECT on it.  Parameter: name! (quoted).  Columns: as selected
SELECT CONCAT(next_not_cached_value, ' (step ', increment, ')') AS next_value, minimum_value, maximum_value, start_value,
       increment, cache_size, cycle_option
  FROM :{name!}
