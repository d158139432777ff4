-- A source's session that reads rows for a seed: values as they are stored, and patience while the targets are slower.
-- Privileges: none
SET SESSION character_set_results = NULL, net_write_timeout = 3600, wait_timeout = 28800
