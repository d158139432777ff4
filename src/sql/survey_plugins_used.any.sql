-- How accounts prove who they are. The server's own accounts are left out.
-- Privileges: SELECT on mysql.  Columns: name (of the plugin), uses, example (an account)
SELECT u.plugin AS name, COUNT(*) AS uses, MIN(CONCAT(u.User, '@', u.Host)) AS example FROM mysql.user u
WHERE u.plugin <> '' AND u.User NOT IN ('root', 'mysql', 'mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema',
    'debian-sys-maint')
GROUP BY u.plugin;
