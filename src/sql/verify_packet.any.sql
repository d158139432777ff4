-- The longest statement that this session may send.
-- Versions:   all          Privileges: none
-- Parameters: none         Columns: bytes
SELECT @@SESSION.max_allowed_packet AS bytes
