-- Purpose:  events of one run behind a number, the newest first; parameters: run_id, seq, how many.
SELECT seq, at_us, name, detail FROM event WHERE run_id = ?1 AND seq > ?2 ORDER BY seq DESC LIMIT ?3;
