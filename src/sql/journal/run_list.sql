-- Purpose:  all runs of a service, oldest first; parameter: service.
SELECT id, service, playbook, plan, plan_hash, holder, epoch, state, is_committed, started_us, ended_us
FROM run WHERE service = ?1 ORDER BY started_us;
