-- What a new session got: only sessions older than stagger_set may differ from the global values.
-- Privileges: none.  Columns: increment, offset, global_increment, global_offset
SELECT @@session.auto_increment_increment AS `increment`, @@session.auto_increment_offset AS `offset`,
    @@global.auto_increment_increment AS global_increment, @@global.auto_increment_offset AS global_offset;
