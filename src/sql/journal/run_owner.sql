-- Purpose:  who goes on with a run now, and since when; parameter: id.
SELECT holder, epoch, state,
       (SELECT at_us FROM event WHERE run_id = ?1 AND name = 'run.adopt' ORDER BY seq DESC LIMIT 1) AS adopted_us
FROM run WHERE id = ?1;
