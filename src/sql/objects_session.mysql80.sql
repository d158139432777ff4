-- A session that reads how things are made: texts in one character set, lists of privileges in full, counters as they are
-- and not as they were found a day ago.
-- Privileges: none
SET SESSION character_set_results = 'utf8mb4', group_concat_max_len = 1048576, information_schema_stats_expiry = 0
