-- Settings under which a statement means the same on every server that applies it: it is logged as it was written, not
-- as the rows it changed here, because nothing changes here.
-- Privileges: BINLOG ADMIN (binlog_format)
SET SESSION binlog_format = 'STATEMENT', foreign_key_checks = 0, unique_checks = 1, check_constraint_checks = 1,
    sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00',
    character_set_results = NULL, sql_log_bin = 1, sql_safe_updates = 0, autocommit = 1, innodb_lock_wait_timeout = 1,
    lock_wait_timeout = 5, wait_timeout = 3600, net_write_timeout = 600, max_statement_time = 0
