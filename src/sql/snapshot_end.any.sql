-- End the transaction of snapshot_begin.
-- Privileges: none.  Repeat: safe
COMMIT;
