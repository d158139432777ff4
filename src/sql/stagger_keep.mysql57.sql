-- Hand out these AUTO_INCREMENT values after a restart, too: not by a statement, a file of ours says it (cluster/drop_in.h).
-- Privileges: none
DO 0;
