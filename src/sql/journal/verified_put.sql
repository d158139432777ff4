-- Purpose:  a table compared; parameters: service, name, run_id, row_count, hash, differences, at_us.
INSERT INTO verified (service, name, run_id, row_count, hash, differences, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (service, name) DO UPDATE SET run_id = excluded.run_id, row_count = excluded.row_count,
    hash = excluded.hash, differences = excluded.differences, at_us = excluded.at_us;
