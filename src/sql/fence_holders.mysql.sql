-- How many transactions hold changes or locks: here fence_transactions itself is asked at once.
-- Privileges: none
DO 0;
