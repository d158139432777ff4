-- The scheduled events of some databases, and what ALTER EVENT would change in passing.
-- Privileges: EVENT on the databases.  Parameter: databases! (a list of literals)
-- Columns: event_schema, event_name, definer, status (ENABLED, DISABLED, SLAVESIDE_DISABLED, which newer servers call
--          REPLICA_SIDE_DISABLED: one word for both), charset, collation
SELECT EVENT_SCHEMA AS event_schema, EVENT_NAME AS event_name, DEFINER AS definer,
    REPLACE(STATUS, 'REPLICA_SIDE_DISABLED', 'SLAVESIDE_DISABLED') AS status,
    CHARACTER_SET_CLIENT AS charset, COLLATION_CONNECTION AS collation
FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN (:{databases!}) ORDER BY EVENT_SCHEMA, EVENT_NAME;
