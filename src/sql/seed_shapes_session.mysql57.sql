-- A source's session that asks how things were made: nothing to say, 5.7 hides nothing and asks its tables.
-- Privileges: none
DO 0
