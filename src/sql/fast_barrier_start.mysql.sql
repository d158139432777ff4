-- Begin the barrier: one statement does all of it here, seed_stage_block.
-- Privileges: none
DO 0
