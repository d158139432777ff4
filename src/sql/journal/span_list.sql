-- Purpose:  the spans of a pass, in the order of tables and keys; parameters: service, scope.
SELECT name, number, shape, from_key, until_key, done_until, is_done, row_count, chunks, bytes, hash, differences, mode, at_us
FROM span WHERE service = ?1 AND scope = ?2 ORDER BY name, number;
