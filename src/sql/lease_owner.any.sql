-- Which session holds the lock?
-- Privileges: none.  Parameter: lock.  Column: thread_id (NULL: nobody)
SELECT IS_USED_LOCK(:{lock}) AS thread_id;
