-- Purpose:  parameters: run_id, name.
SELECT value FROM variable WHERE run_id = ?1 AND name = ?2;
