-- Where a node stands, and whether it is closed. A set of GTIDs is all there is: what was logged, what was applied and by whom.
-- Privileges: none.  Columns: origin (its UUID), server_id, position, state, applied (the same set three times),
-- read_only, is_super, is_whole (nobody may write); asked last, so all of the position was before
SELECT @@global.server_uuid AS origin, @@global.server_id AS server_id,
    REPLACE(@@global.gtid_executed, '\n', '') AS position, REPLACE(@@global.gtid_executed, '\n', '') AS state,
    REPLACE(@@global.gtid_executed, '\n', '') AS applied,
    @@global.read_only OR @@global.super_read_only AS read_only, @@global.super_read_only AS is_super,
    @@global.super_read_only AS is_whole;
