-- Let a target mean by utf8mb4 without a collation what the source means: 5.7 knows only one.
-- Privileges: none.  Parameter: collation, which is not used
DO 0
