-- Begin the barrier: 5.7 holds DDL together with commits, in seed_stage_block.
-- Privileges: none
DO 0
