-- Tables that somebody uses or has locked right now: what a fence waits for when no statement shows why.
-- Privileges: SELECT on them.  Columns: Database, Table, In_use
SHOW OPEN TABLES WHERE In_use > 0;
