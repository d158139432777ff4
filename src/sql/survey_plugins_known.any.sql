-- The authentication plugins that a server has loaded.
-- Privileges: none.  Columns: name, value (its state)
SELECT PLUGIN_NAME AS name, PLUGIN_STATUS AS value FROM information_schema.PLUGINS
WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE';
