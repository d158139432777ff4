-- Purpose:  the newest requests of a run, the newest first; parameters: run_id, 1 for those without an end only, how many.
SELECT id, run_id, step, what, who, via, asked_us, state, answer, ended_us FROM request
WHERE run_id = ?1 AND (?2 = 0 OR state IN ('asked','taken')) ORDER BY id DESC LIMIT ?3;
