-- Unload the clone plugin.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: DELETE on mysql.plugin.  Errors: 1305 it is not loaded
UNINSTALL PLUGIN clone;
