-- Purpose:  a step that was intended is not going to be done; parameters: run_id, number.
DELETE FROM step WHERE run_id = ?1 AND number = ?2;
