-- Take the lock if it is free; it is gone with the connection.
-- Privileges: none.  Parameter: lock.  Column: taken (1, or 0 when another session has it)
SELECT GET_LOCK(:{lock}, 0) AS taken;
