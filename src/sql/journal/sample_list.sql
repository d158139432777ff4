-- Purpose:  lag of a run as it was sampled, in order of time; NULL is unknown; parameter: run_id.
SELECT node, at_us, apply_ms FROM sample WHERE run_id = ?1 ORDER BY at_us, node;
