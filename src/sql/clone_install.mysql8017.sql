-- Load the clone plugin, on donor and recipient. Written into mysql.plugin; every other replica is left alone.
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: INSERT on mysql.plugin.  Errors: 1125 it is loaded already, 1126 the library is not installed
INSTALL PLUGIN clone SONAME 'mysql_clone.so';
