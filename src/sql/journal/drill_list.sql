-- Purpose:  drills of a service, oldest first; of one playbook unless it is ''; parameters: service, playbook.
SELECT id, service, playbook, playbook_hash, config_hash, environment, version, holder, state, home, started_us, ended_us, rounds
FROM drill WHERE service = ?1 AND (?2 = '' OR playbook = ?2) ORDER BY started_us;
