-- Keep an event from firing on this node, and remember that it is meant to fire on another.
-- Privileges: EVENT on the database, SET_USER_ID (5.7: SUPER), and SYSTEM_USER when the definer has it.
-- Parameters: event! (quoted schema.name), user, host.  Repeat: safe
ALTER DEFINER = :{user}@:{host} EVENT :{event!} DISABLE ON SLAVE;
