-- How far a clone has come.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: BACKUP_ADMIN, SELECT on performance_schema.  Rows: one for each stage, in order
-- Columns: stage, state (Not Started, In Progress, Completed, Failed), bytes, estimate (bytes of this stage)
SELECT STAGE AS stage, STATE AS state, DATA AS bytes, ESTIMATE AS estimate FROM performance_schema.clone_progress ORDER BY ID;
