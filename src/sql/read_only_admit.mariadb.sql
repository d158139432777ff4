-- Let administrators write into a closed node: MariaDB never keeps them out.
-- Privileges: none
DO 0;
