-- Purpose:  a person asks; parameters: run_id, step, what, who, via, asked_us.
INSERT INTO request (run_id, step, what, who, via, asked_us, state, answer)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'asked', '');
