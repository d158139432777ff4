-- From here on literals are bytes, which no character set converts.
-- Privileges: none
SET NAMES binary
