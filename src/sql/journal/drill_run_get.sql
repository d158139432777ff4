-- Purpose:  which drill a run is a part of; parameter: run_id.
SELECT drill_id, round, leg FROM drill_run WHERE run_id = ?1;
