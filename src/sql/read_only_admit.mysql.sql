-- Let administrators write into a closed node, and nobody else: read_only stays.
-- Privileges: SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN (5.7: SUPER).  Repeat: safe
SET GLOBAL super_read_only = 0;
