-- What a view, trigger, routine or event remembers of the session that made it.
-- Why REPLACE: every program of 5.7 remembers a mode that is refused since 8.0 and means nothing to it.
-- Privileges: none.  Parameters: client, collation, mode, zone
SET SESSION character_set_client = :{client}, collation_connection = :{collation},
    sql_mode = REPLACE(:{mode}, 'NO_AUTO_CREATE_USER', ''), time_zone = :{zone}
