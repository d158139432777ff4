-- What was loaded from a file, and is not there on a server by itself: plugins and functions.
-- Privileges: SELECT on mysql.  Columns: name, value (its kind)
SELECT PLUGIN_NAME AS name, PLUGIN_TYPE AS value FROM information_schema.PLUGINS
WHERE PLUGIN_LIBRARY IS NOT NULL AND PLUGIN_STATUS = 'ACTIVE'
UNION ALL SELECT f.name, 'FUNCTION' FROM mysql.func f;
