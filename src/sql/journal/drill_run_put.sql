-- Purpose:  this run is a part of a drill; parameters: run_id, drill_id, round, leg.
INSERT INTO drill_run (run_id, drill_id, round, leg) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (run_id) DO UPDATE SET drill_id = excluded.drill_id, round = excluded.round, leg = excluded.leg;
