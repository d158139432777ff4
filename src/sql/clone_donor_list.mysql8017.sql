-- Say on a recipient from where it may be cloned; what it was is put back afterwards.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: SYSTEM_VARIABLES_ADMIN; the plugin must be loaded (1193).  Parameter: donors! (a literal, HOST:PORT,..., or NULL)
-- Repeat: safe
SET GLOBAL clone_valid_donor_list = :{donors!};
