-- Before seed_show_account: hashes are shown as text, there is no other way.
-- Privileges: none
DO 0
