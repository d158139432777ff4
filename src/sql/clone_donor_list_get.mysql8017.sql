-- From where a recipient may be cloned.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: none; the plugin must be loaded (1193).  Column: donors (HOST:PORT,..., or NULL: none)
SELECT @@GLOBAL.clone_valid_donor_list AS donors
