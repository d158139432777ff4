-- Purpose:  events of all runs behind a number, in their order; parameters: seq, how many.
SELECT seq, run_id, at_us, name, detail FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2;
