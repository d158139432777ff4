-- What runs inside the database: triggers, a view, routines. All in the name of the application's account.

USE blog;

CREATE DEFINER = 'app'@'127.%' TRIGGER post_is_measured AFTER INSERT ON posts FOR EACH ROW
  INSERT INTO post_stats (post_id, characters, bytes) VALUES (NEW.id, CHAR_LENGTH(NEW.body), LENGTH(NEW.body));

CREATE DEFINER = 'app'@'127.%' TRIGGER post_is_measured_again AFTER UPDATE ON posts FOR EACH ROW
  UPDATE post_stats SET characters = CHAR_LENGTH(NEW.body), bytes = LENGTH(NEW.body) WHERE post_id = NEW.id;

CREATE DEFINER = 'app'@'127.%' TRIGGER article_keeps_a_revision AFTER UPDATE ON articles FOR EACH ROW
BEGIN
  IF NOT OLD.html <=> NEW.html THEN
    INSERT INTO article_revisions (article_id, revision, html, digest, saved_at)
      SELECT OLD.id, COALESCE(MAX(revision), 0) + 1, OLD.html, UNHEX(SHA2(OLD.html, 256)), NOW(3)
        FROM article_revisions WHERE article_id = OLD.id;
  END IF;
END;

CREATE DEFINER = 'app'@'127.%' SQL SECURITY DEFINER VIEW published_articles AS
  SELECT articles.id, blogs.slug AS blog, articles.title, articles.published_at
    FROM articles JOIN blogs ON blogs.id = articles.blog_id
   WHERE articles.status = 'published';

CREATE DEFINER = 'app'@'127.%' FUNCTION slugify(title VARCHAR(255)) RETURNS VARCHAR(255) DETERMINISTIC NO SQL
  RETURN TRIM(BOTH '-' FROM REGEXP_REPLACE(LOWER(title), '[^a-z0-9]+', '-'));

CREATE DEFINER = 'app'@'127.%' PROCEDURE purge_sessions(IN before_time TIMESTAMP(6)) MODIFIES SQL DATA
  DELETE FROM sessions WHERE expires_at < before_time;
