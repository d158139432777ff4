-- A restart goes by the configuration again: it did all along, nothing was written down.
-- Privileges: none
DO 0;
