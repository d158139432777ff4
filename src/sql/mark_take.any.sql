-- Take one of the locks by which who takes over finds this session; it is gone with the session.
-- Privileges: none.  Parameter: lock.  Column: taken (1, or 0 when another session has it)
SELECT GET_LOCK(:{lock}, 0) AS taken;
