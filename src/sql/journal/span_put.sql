-- Purpose:  how far a span was compared; parameters: service, scope, name, number, shape, from_key, until_key, done_until,
--           is_done, row_count, chunks, bytes, hash, differences, mode, at_us.
INSERT INTO span (service, scope, name, number, shape, from_key, until_key, done_until, is_done, row_count, chunks, bytes,
                  hash, differences, mode, at_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
ON CONFLICT (service, scope, name, number) DO UPDATE SET shape = excluded.shape, from_key = excluded.from_key,
    until_key = excluded.until_key, done_until = excluded.done_until, is_done = excluded.is_done,
    row_count = excluded.row_count, chunks = excluded.chunks, bytes = excluded.bytes, hash = excluded.hash,
    differences = excluded.differences, mode = excluded.mode, at_us = excluded.at_us;
