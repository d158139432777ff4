-- A source's session that asks how things were made: nothing to say, MariaDB hides nothing and asks its tables.
-- Privileges: none
DO 0
