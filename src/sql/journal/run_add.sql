-- Purpose:  begin a run; parameters: id, service, playbook, plan, plan_hash, holder, epoch, started_us.
INSERT INTO run (id, service, playbook, plan, plan_hash, holder, epoch, state, started_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'running', ?8);
