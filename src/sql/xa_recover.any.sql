-- Transactions prepared by XA: they outlive their session and a restart, and keep their row locks.
-- Privileges: none in MariaDB.  Rows: one for each
XA RECOVER;
