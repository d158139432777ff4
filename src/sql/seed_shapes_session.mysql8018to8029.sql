-- A source's session that asks how things were made: sizes as they are, not as they were found a day ago; a table's
-- statement says nothing of a secondary engine, which the target need not have.
-- Privileges: none
SET SESSION information_schema_stats_expiry = 0, show_create_table_skip_secondary_engine = 1
