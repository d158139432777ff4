-- Purpose:  one request; parameter: id.
SELECT id, run_id, step, what, who, via, asked_us, state, answer, ended_us FROM request WHERE id = ?1;
