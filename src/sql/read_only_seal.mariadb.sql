-- Close a node for administrators, too: MariaDB cannot.
-- Privileges: none
DO 0;
