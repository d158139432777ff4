-- A row again, as it is: here nothing changes, a replica gets it whatever it had under any of the row's unique keys.
-- Privileges: INSERT, DELETE.  Parameters: table, names, values
REPLACE INTO :{table!} (:{names!}) VALUES (:{values!})
