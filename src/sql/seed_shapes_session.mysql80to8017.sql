-- A source's session that asks how things were made: sizes as they are, not as they were found a day ago.
-- Privileges: none
SET SESSION information_schema_stats_expiry = 0
