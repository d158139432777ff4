-- Purpose:  a pass begins; parameters: service, scope, run_id, source, mode, began_us.
INSERT INTO pass (service, scope, run_id, source, mode, began_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (service, scope) DO UPDATE SET run_id = excluded.run_id, source = excluded.source, mode = excluded.mode,
    began_us = excluded.began_us, ended_us = NULL;
