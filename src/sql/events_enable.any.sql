-- Let an event fire on this node. Without the DEFINER clause it would become the event of whoever runs this.
-- Privileges: EVENT on the database; MariaDB: SET USER; MySQL: SET_USER_ID (SET_ANY_DEFINER from 8.2, SUPER in 5.7), and
--             SYSTEM_USER when the definer has it.
-- Parameters: event! (quoted schema.name), user, host.  Repeat: safe
ALTER DEFINER = :{user}@:{host} EVENT :{event!} ENABLE;
