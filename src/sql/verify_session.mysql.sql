-- Settings under which two servers print the same row as the same bytes, and under which a locking read gives way soon.
-- Privileges: none
SET SESSION time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION', character_set_results = NULL,
    innodb_lock_wait_timeout = 1, lock_wait_timeout = 5, wait_timeout = 3600, net_write_timeout = 600, autocommit = 1,
    max_execution_time = 0
