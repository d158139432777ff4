-- The members of the replication group this server belongs to; no row when it belongs to none.
-- Privileges: SELECT on performance_schema
-- Columns: host, port, state (ONLINE, RECOVERING, OFFLINE, ERROR, UNREACHABLE), role (PRIMARY, SECONDARY)
SELECT MEMBER_HOST AS host, MEMBER_PORT AS port, MEMBER_STATE AS state, MEMBER_ROLE AS role
FROM performance_schema.replication_group_members WHERE MEMBER_ID <> '' ORDER BY MEMBER_HOST, MEMBER_PORT;
