-- Let functions and triggers of the source be made as they are; what it was is put back afterwards.
-- Privileges: MySQL: SYSTEM_VARIABLES_ADMIN (5.7: SUPER); MariaDB: BINLOG ADMIN.  Parameter: trust#.  Repeat: safe
SET GLOBAL log_bin_trust_function_creators = :{trust#}
