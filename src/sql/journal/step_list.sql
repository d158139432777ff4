-- Purpose:  all steps of a run; parameter: run_id.
SELECT number, state, started_us, ended_us, error FROM step WHERE run_id = ?1 ORDER BY number;
