-- Is the clone plugin there?
-- Only: mysql (MariaDB has no clone plugin; before 8.0.17 there is none either)
-- Privileges: none.  Column: active (0 or 1)
SELECT COUNT(*) AS active FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone' AND PLUGIN_STATUS = 'ACTIVE';
