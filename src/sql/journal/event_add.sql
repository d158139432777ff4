-- Purpose:  one event; parameters: run_id, at_us, name, detail, prev_hash, hash.
INSERT INTO event (run_id, at_us, name, detail, prev_hash, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
