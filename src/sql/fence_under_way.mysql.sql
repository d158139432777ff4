-- How many statements that may write began before a certain one: statements have no numbers here, and what is asked next
-- (fence_transactions) can be asked again at once.
-- Privileges: none
DO 0;
