-- Before the reverse link is made: nothing to say. A source is asked for what gtid_executed does not hold.
-- Privileges: none
DO 0;
