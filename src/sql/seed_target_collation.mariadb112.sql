-- Let a target mean by a character set without a collation what the source means: the built-in one, whatever the server
-- would use today.
-- Privileges: none.  Parameter: collation, which is not used
SET SESSION character_set_collations = ''
