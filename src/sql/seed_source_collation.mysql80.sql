-- What a source means by utf8mb4 without a collation.
-- Privileges: none.  Column: collation (of utf8mb4)
SELECT @@SESSION.default_collation_for_utf8mb4 AS collation
