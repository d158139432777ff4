-- How many statements that may write are running and began before the one with this number; and the number of this one.
-- Privileges: PROCESS.  Parameter: before#.  Columns: running, query_id
SELECT COALESCE(SUM(QUERY_ID < :{before#} AND ID <> CONNECTION_ID() AND COMMAND IN ('Query', 'Execute')
        AND USER NOT IN ('system user', 'event_scheduler', 'unauthenticated user')
        AND COALESCE(INFO, '') NOT REGEXP '^([[:space:](]|/[*].*?[*]/)*(select|show|explain|describe|desc|set|use|do)[[:>:]]'),
    0) AS running, MAX(IF(ID = CONNECTION_ID(), QUERY_ID, 0)) AS query_id
FROM information_schema.PROCESSLIST;
