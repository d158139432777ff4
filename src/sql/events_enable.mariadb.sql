-- Let an event fire on this node. Without the DEFINER clause it would become the event of whoever runs this.
-- Privileges: EVENT on the database, SET USER.  Parameters: event! (quoted schema.name), user, host.  Repeat: safe
ALTER DEFINER = :{user}@:{host} EVENT :{event!} ENABLE;
