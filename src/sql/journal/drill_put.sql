-- Purpose:  a drill as it is now; parameters: id, service, playbook, playbook_hash, config_hash, environment, version, holder,
--           state, home, started_us, ended_us, rounds.
INSERT INTO drill (id, service, playbook, playbook_hash, config_hash, environment, version, holder, state, home, started_us,
                   ended_us, rounds)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_us = excluded.ended_us, rounds = excluded.rounds;
