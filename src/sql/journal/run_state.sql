-- Purpose:  the run's state; parameters: id, state, ended_us (NULL while it goes on).
UPDATE run SET state = ?2, ended_us = ?3 WHERE id = ?1;
