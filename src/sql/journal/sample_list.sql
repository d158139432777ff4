-- Purpose:  lag of a run as it was sampled after a moment, in order of time; NULL is unknown; parameters: run_id, after.
SELECT node, at_us, receive_ms, apply_ms FROM sample WHERE run_id = ?1 AND at_us > ?2 ORDER BY at_us, node;
