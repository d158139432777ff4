-- Every global variable. SHOW works on all versions without a privilege and without performance_schema.
-- Privileges: none.
-- Reads: name=Variable_name, value=Value
SHOW GLOBAL VARIABLES;
