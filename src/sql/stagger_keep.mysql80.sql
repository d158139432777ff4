-- Hand out these AUTO_INCREMENT values, and go on with that after a restart.
-- Privileges: SYSTEM_VARIABLES_ADMIN.  Parameters: increment#, offset#.  Repeat: safe
SET PERSIST auto_increment_increment = :{increment#}, PERSIST auto_increment_offset = :{offset#};
