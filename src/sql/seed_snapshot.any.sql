-- From here on this session reads the data as it is now.
-- Privileges: none
START TRANSACTION WITH CONSISTENT SNAPSHOT
