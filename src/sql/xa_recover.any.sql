-- Transactions prepared by XA: they outlive their session and a restart, and keep their row locks.
-- Privileges: none; MySQL 8.0 and later: XA_RECOVER_ADMIN.  Rows: one for each
XA RECOVER;
