-- Where a node stands. A set of GTIDs is all there is: what was logged, what was applied and by whom.
-- Privileges: none.  Columns: origin (its UUID), server_id, position, state, applied (the same set three times)
SELECT @@global.server_uuid AS origin, @@global.server_id AS server_id,
    REPLACE(@@global.gtid_executed, '\n', '') AS position, REPLACE(@@global.gtid_executed, '\n', '') AS state,
    REPLACE(@@global.gtid_executed, '\n', '') AS applied;
