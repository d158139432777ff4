-- Hold all commits for a moment: FLUSH TABLES WITH READ LOCK would be the only way, and it closes every table and waits for
-- every SELECT, so nobody is held.
-- Privileges: none
DO 0
