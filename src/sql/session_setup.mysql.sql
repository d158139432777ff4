-- What every session of ours looks like, whatever the server's defaults are.
-- Why:        values travel as UTC and utf8mb4; a strict sql_mode in which 0 stays 0 (NO_AUTO_VALUE_ON_ZERO) and a backslash
--             escapes; no wait for a lock without an end (the server's default is a year); a server-wide
--             max_execution_time must not cut the SELECTs of a seed or a comparison short.
-- Privileges: none.  Parameters: lock_wait# and wait#, in seconds
SET NAMES utf8mb4,
    SESSION time_zone = '+00:00',
    SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',
    SESSION autocommit = 1,
    SESSION lock_wait_timeout = :{lock_wait#},
    SESSION innodb_lock_wait_timeout = :{lock_wait#},
    SESSION max_execution_time = 0,
    SESSION wait_timeout = :{wait#};
