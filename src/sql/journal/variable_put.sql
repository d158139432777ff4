-- Purpose:  a value read while running; parameters: run_id, name, value.
INSERT INTO variable (run_id, name, value) VALUES (?1, ?2, ?3)
ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value;
