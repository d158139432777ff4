-- Take the lock if it is free; it is gone with the connection. The second of patience is for a holder that has just died.
-- Privileges: none.  Parameter: lock.  Column: taken (1, or 0 when another session has it)
SELECT GET_LOCK(:{lock}, 1) AS taken;
