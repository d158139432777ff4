-- ALTER EVENT stores the character set and collation of the session that runs it: make them the event's own first.
-- Privileges: none.  Parameters: charset, collation
SET SESSION character_set_client = :{charset}, SESSION collation_connection = :{collation};
