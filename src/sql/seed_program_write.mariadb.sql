-- What a view, trigger, routine or event remembers of the session that made it.
-- Privileges: none.  Parameters: client, collation, mode, zone
SET SESSION character_set_client = :{client}, collation_connection = :{collation}, sql_mode = :{mode}, time_zone = :{zone}
