-- A source's session that reads rows for a seed: values as they are stored, and patience while the targets are slower; a
-- table's statement says nothing of a secondary engine, which the target need not have.
-- Privileges: none
SET SESSION character_set_results = NULL, net_write_timeout = 3600, wait_timeout = 28800,
    show_create_table_skip_secondary_engine = 1
