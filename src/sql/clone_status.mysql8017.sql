-- How the last clone of this server went.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: BACKUP_ADMIN, SELECT on performance_schema.  Rows: none before the first clone
-- Columns: state (Not Started, In Progress, Completed, Failed), began (its time; another for each clone), source, error_number,
-- error_message, gtids (held by the copy)
SELECT STATE AS state, COALESCE(BEGIN_TIME, '') AS began, SOURCE AS source, ERROR_NO AS error_number, ERROR_MESSAGE AS error_message,
    REPLACE(GTID_EXECUTED, '\n', '') AS gtids
FROM performance_schema.clone_status;
