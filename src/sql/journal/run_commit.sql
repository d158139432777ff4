-- Purpose:  the commit step has begun: abort no longer suffices; parameter: id.
UPDATE run SET is_committed = 1 WHERE id = ?1;
