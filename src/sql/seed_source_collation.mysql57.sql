-- What a source means by utf8mb4 without a collation: 5.7 says no more when it is this one, and newer servers have another.
-- Privileges: none.  Column: collation (of utf8mb4)
SELECT 'utf8mb4_general_ci' AS collation
