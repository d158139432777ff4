-- Tablespaces that somebody made, and what lies in them.
-- Only: mysql (MariaDB has none)
-- Privileges: none
DO 0
