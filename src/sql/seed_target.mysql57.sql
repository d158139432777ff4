-- A target's session during a seed: nothing is logged, nothing is checked again that the source has checked already.
-- Why no strict mode: what the source holds, be it a zero date or a value from before a constraint, has to arrive, and a row
-- format that is no longer the default as well.
-- Privileges: SUPER
SET SESSION sql_log_bin = 0, foreign_key_checks = 0, unique_checks = 0, innodb_strict_mode = 0,
    sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', wait_timeout = 28800
