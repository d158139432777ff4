-- Tablespaces that somebody made, and what lies in them: MariaDB has none.
-- Privileges: none
DO 0
