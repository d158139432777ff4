-- A target's session during a seed: nothing is logged, nothing is checked again that the source has checked already.
-- Why no strict mode: what the source holds, be it a zero date or a value from before a constraint, has to arrive, and a row
-- format that is no longer the default as well.
-- A table without a primary key arrives as it is, and is given none.
-- Privileges: SYSTEM_VARIABLES_ADMIN
SET SESSION sql_log_bin = 0, foreign_key_checks = 0, unique_checks = 0, innodb_strict_mode = 0,
    explicit_defaults_for_timestamp = 1, sql_require_primary_key = 0, sql_generate_invisible_primary_key = 0,
    sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', wait_timeout = 28800
