-- Let this node hand out every increment-th AUTO_INCREMENT value, beginning with offset, in sessions that begin from now on.
-- Privileges: SUPER; MySQL 8.0 and later: SYSTEM_VARIABLES_ADMIN.  Parameters: increment#, offset#.  Repeat: safe
SET GLOBAL auto_increment_increment = :{increment#}, GLOBAL auto_increment_offset = :{offset#};
