-- Let scheduled events fire again on a server whose start we had told not to.
-- Privileges: MariaDB: SUPER; MySQL: SYSTEM_VARIABLES_ADMIN.  Repeat: safe
SET GLOBAL event_scheduler = ON;
