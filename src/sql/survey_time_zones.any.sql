-- How many time zones have a name; without any, CONVERT_TZ() with names answers NULL.
-- Privileges: SELECT on mysql.  Columns: name, uses
SELECT 'named' AS name, COUNT(*) AS uses FROM mysql.time_zone_name;
