-- Purpose:  one lag sample; NULL is unknown; parameters: run_id, at_us, node, receive_ms, apply_ms.
INSERT INTO sample (run_id, at_us, node, receive_ms, apply_ms) VALUES (?1, ?2, ?3, ?4, ?5);
