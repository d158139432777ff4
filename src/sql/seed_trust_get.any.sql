-- May functions and triggers be made by somebody who is not a superuser, and functions that do not say what they do?
-- Privileges: none.  Column: trust (0 or 1)
SELECT @@GLOBAL.log_bin_trust_function_creators AS trust
