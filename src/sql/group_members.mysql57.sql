-- The members of the replication group this server belongs to; no row when it belongs to none. 5.7 names the primary, when
-- there is one, in a status variable.
-- Privileges: SELECT on performance_schema
-- Columns: host, port, state (ONLINE, RECOVERING, OFFLINE, ERROR, UNREACHABLE), role (PRIMARY, SECONDARY)
SELECT m.MEMBER_HOST AS host, m.MEMBER_PORT AS port, m.MEMBER_STATE AS state,
    IF(COALESCE(s.VARIABLE_VALUE, '') IN ('', m.MEMBER_ID), 'PRIMARY', 'SECONDARY') AS role
FROM performance_schema.replication_group_members m
LEFT JOIN performance_schema.global_status s ON s.VARIABLE_NAME = 'group_replication_primary_member'
WHERE m.MEMBER_ID <> '' ORDER BY m.MEMBER_HOST, m.MEMBER_PORT;
