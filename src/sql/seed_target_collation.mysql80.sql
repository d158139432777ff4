-- Let a target mean by utf8mb4 without a collation what the source means.
-- Privileges: SYSTEM_VARIABLES_ADMIN.  Parameter: collation
SET SESSION default_collation_for_utf8mb4 = :{collation}
