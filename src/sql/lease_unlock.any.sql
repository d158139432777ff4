-- Give the lock back.
-- Privileges: none.  Parameter: lock.  Repeat: safe
DO RELEASE_LOCK(:{lock});
