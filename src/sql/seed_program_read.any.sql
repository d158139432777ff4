-- Read the texts of programs in the character set they were written in.
-- Privileges: none.  Parameter: client
SET SESSION character_set_results = :{client}
