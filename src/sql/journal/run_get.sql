-- Purpose:  one run; parameter: id, or a unique beginning of it.
SELECT id, service, playbook, plan, plan_hash, holder, epoch, state, is_committed, started_us, ended_us
FROM run WHERE id = ?1 OR id LIKE ?1 || '%' ORDER BY started_us DESC LIMIT 1;
