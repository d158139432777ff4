-- Forget what the default channel has received and not applied: MariaDB does so by itself when it starts with GTIDs.
-- Privileges: none
DO 0;
