-- A session that reads how things are made: texts in one character set, lists of privileges in full.
-- Privileges: none
SET SESSION character_set_results = 'utf8mb4', group_concat_max_len = 1048576
