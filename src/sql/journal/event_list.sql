-- Purpose:  events of one run, or of all with an empty id, in order; parameter: run_id.
SELECT seq, run_id, at_us, name, detail, prev_hash, hash FROM event
WHERE ?1 = '' OR run_id = ?1 ORDER BY seq;
