-- What two sides should have in common.
-- Privileges: none.  Columns: sql_mode, collation, time_zone
SELECT @@global.sql_mode AS sql_mode, @@global.collation_server AS collation,
    IF(@@global.time_zone = 'SYSTEM', CONCAT('SYSTEM ', @@global.system_time_zone), @@global.time_zone) AS time_zone;
