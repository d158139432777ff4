-- Every global status counter.
-- Privileges: none.
-- Reads: name=Variable_name, value=Value
SHOW GLOBAL STATUS;
