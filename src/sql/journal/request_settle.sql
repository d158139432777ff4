-- Purpose:  what became of a request that had no end yet; parameters: id, state, answer, ended_us.
UPDATE request SET state = ?2, answer = ?3, ended_us = ?4 WHERE id = ?1 AND state IN ('asked','taken');
