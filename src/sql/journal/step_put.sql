-- Purpose:  a step's state; parameters: run_id, number, state, started_us, ended_us, error, has_begun (1: started_us is told).
INSERT INTO step (run_id, number, state, started_us, ended_us, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (run_id, number) DO UPDATE SET
    state = excluded.state,
    started_us = CASE WHEN excluded.state = 'intent' OR ?7 THEN excluded.started_us ELSE step.started_us END,
    ended_us = excluded.ended_us, error = excluded.error;
