-- The one scheduled event. Run it on the primary of a cluster whose replicas already follow, so that they carry it
-- as SLAVESIDE_DISABLED: it must fire in one place only.

CREATE DEFINER = 'app'@'127.%' EVENT blog.tick ON SCHEDULE EVERY 1 SECOND
  DO INSERT INTO blog.event_ticks (fired_at, server_id) VALUES (NOW(6), @@server_id);
