-- Let a target mean by a character set without a collation what the source means: these know only the built-in ones.
-- Privileges: none.  Parameter: collation, which is not used
DO 0
