-- A source's session that asks how things were made: sizes as they are, not as they were found a day ago; a table's
-- statement says nothing of a secondary engine, which the target need not have, but does name the primary key that the
-- server made up.
-- Privileges: none
SET SESSION information_schema_stats_expiry = 0, show_create_table_skip_secondary_engine = 1,
    show_gipk_in_create_table_and_information_schema = 1
