-- How many sessions are at work on a server now: what a comparison gives way to.
-- Versions:   all          Privileges: none
-- Parameters: none         Columns: Variable_name, Value
SHOW GLOBAL STATUS LIKE 'Threads_running'
