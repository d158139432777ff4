-- Purpose:  the commit step has begun: abort no longer suffices (1), or it was found not to have happened (0); parameters: id, is_committed.
UPDATE run SET is_committed = ?2 WHERE id = ?1;
