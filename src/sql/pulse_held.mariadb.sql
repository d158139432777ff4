-- How many sessions have a commit, or a statement, that waits for BACKUP STAGE END.
-- Privileges: PROCESS.  Columns: held
SELECT COUNT(*) AS held FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for backup lock';
