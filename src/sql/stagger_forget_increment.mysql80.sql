-- A restart goes by the configuration again.
-- Privileges: SYSTEM_VARIABLES_ADMIN.  Repeat: safe (a warning)
RESET PERSIST IF EXISTS auto_increment_increment;
