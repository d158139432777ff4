-- Begin a transaction that InnoDB lists at once: one that shows up in INNODB_TRX proves that the view is newer than it.
-- Privileges: none
START TRANSACTION WITH CONSISTENT SNAPSHOT;
