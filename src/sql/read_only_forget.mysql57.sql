-- A restart no longer closes this node: it never did, nothing was written down.
-- Privileges: none
DO 0;
