-- Accounts in whose name views, routines, triggers and events of some databases act.
-- Privileges: SHOW VIEW, TRIGGER, EVENT and the like on them, SELECT on mysql.  Parameter: databases! (a list of literals)
-- Column: definer (user@host)
SELECT DEFINER AS definer FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN (:{databases!})
UNION SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN (:{databases!})
UNION SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN (:{databases!})
UNION SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN (:{databases!});
