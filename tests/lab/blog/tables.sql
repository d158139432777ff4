-- The tables of a blog host. Between them they use every kind of column and key that a move must carry unharmed.

CREATE DATABASE blog CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
USE blog;

-- What the site writes while it is moved -----------------------------------------------------------------------------

CREATE TABLE signups (
  id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name           VARCHAR(64) NOT NULL UNIQUE,
  token          CHAR(32) NOT NULL UNIQUE,
  state          ENUM('reserved', 'confirmed') NOT NULL,
  side           VARCHAR(8) NOT NULL,
  reserved_at    DATETIME(6) NOT NULL,
  confirmed_at   DATETIME(6) NULL,
  confirmed_side VARCHAR(8) NULL
);

CREATE TABLE users (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  signup_id  BIGINT NOT NULL UNIQUE,
  name       VARCHAR(64) NOT NULL UNIQUE,
  created_at DATETIME(6) NOT NULL,
  CONSTRAINT user_signup FOREIGN KEY (signup_id) REFERENCES signups (id) ON DELETE CASCADE
);

CREATE TABLE posts (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token      CHAR(32) NOT NULL,            -- not unique: a doubled write must be able to show
  user_name  VARCHAR(64) NOT NULL,
  title      VARCHAR(200) NOT NULL,
  body       MEDIUMTEXT NOT NULL,
  side       VARCHAR(8) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  KEY (token),
  KEY (user_name)
);

-- One row a post, written by a trigger and removed by a cascade. Not a counter a user: two open sides would both
-- update that row, and no replication merges two counts.
CREATE TABLE post_stats (
  post_id    BIGINT NOT NULL PRIMARY KEY,
  characters INT UNSIGNED NOT NULL,
  bytes      INT UNSIGNED NOT NULL,
  CONSTRAINT stats_post FOREIGN KEY (post_id) REFERENCES posts (id) ON DELETE CASCADE
);

-- Written by the event, with the server it fired on: one that fires on both sides shows here.
CREATE TABLE event_ticks (
  id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  fired_at  DATETIME(6) NOT NULL,
  server_id INT UNSIGNED NOT NULL,
  KEY (fired_at)
);

-- What has piled up over the years ------------------------------------------------------------------------------------

CREATE TABLE blogs (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  public_id   BINARY(16) NOT NULL UNIQUE,
  slug        VARCHAR(80) COLLATE utf8mb4_general_ci NOT NULL UNIQUE,
  title       VARCHAR(160) NOT NULL,
  tagline     VARCHAR(255) NULL,
  settings    JSON NULL,
  plan        ENUM('free', 'starter', 'creator', 'business', 'naïve ☕') NOT NULL DEFAULT 'free',
  features    SET('members', 'newsletter', 'themes', 'api', 'audit') NOT NULL DEFAULT '',
  flags       BIT(12) NOT NULL DEFAULT b'0',
  monthly_fee DECIMAL(10, 2) NULL,
  created_at  DATETIME(6) NOT NULL,
  archived_at TIMESTAMP(3) NULL DEFAULT NULL
);

CREATE TABLE articles (
  id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  blog_id       INT UNSIGNED NOT NULL,
  slug          VARCHAR(160) NOT NULL,
  title         VARCHAR(255) NOT NULL,
  html          MEDIUMTEXT NOT NULL,
  meta          JSON NULL,
  status        ENUM('draft', 'scheduled', 'published') NOT NULL,
  rating        FLOAT NULL,
  score         DOUBLE NOT NULL,
  first_year    YEAR NULL,
  time_offset   TIME(3) NULL,              -- negative ones too
  published_at  DATETIME(6) NULL,
  updated_at    TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  language      VARCHAR(8) AS (JSON_VALUE(meta, '$.language')) VIRTUAL,
  title_length  SMALLINT UNSIGNED AS (CHAR_LENGTH(title)) VIRTUAL,
  published_day DATE AS (CAST(published_at AS DATE)) STORED,
  UNIQUE KEY (blog_id, slug),
  KEY (language),
  KEY (published_day, blog_id),
  CONSTRAINT article_blog FOREIGN KEY (blog_id) REFERENCES blogs (id) ON DELETE CASCADE
);

CREATE TABLE article_revisions (
  article_id BIGINT UNSIGNED NOT NULL,
  revision   SMALLINT UNSIGNED NOT NULL,
  editor     VARCHAR(64) NULL,
  html       LONGTEXT NOT NULL,
  digest     BINARY(32) NOT NULL,
  saved_at   DATETIME(3) NOT NULL,
  PRIMARY KEY (article_id, revision),
  CONSTRAINT revision_article FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE tags (
  name        VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY,
  description TEXT NULL,
  colour      CHAR(7) CHARACTER SET ascii NOT NULL DEFAULT ''
);

CREATE TABLE article_tags (
  tag        VARCHAR(64) COLLATE utf8mb4_general_ci NOT NULL,
  article_id BIGINT UNSIGNED NOT NULL,
  position   TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (tag, article_id),
  KEY (article_id),
  CONSTRAINT tagged_article FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
  CONSTRAINT tagged_tag FOREIGN KEY (tag) REFERENCES tags (name) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE comments (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  article_id BIGINT UNSIGNED NOT NULL,
  parent_id  BIGINT UNSIGNED NULL,
  author     VARCHAR(64) NULL,
  address    VARBINARY(16) NULL,
  body       TEXT NOT NULL,
  karma      SMALLINT NOT NULL DEFAULT 0,
  is_spam    BOOLEAN NULL,
  written_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY (article_id, written_at),
  CONSTRAINT comment_article FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
  CONSTRAINT comment_parent FOREIGN KEY (parent_id) REFERENCES comments (id) ON DELETE SET NULL
);

CREATE TABLE media (
  id        BINARY(16) NOT NULL PRIMARY KEY,
  blog_id   INT UNSIGNED NULL,
  file_name VARCHAR(200) NOT NULL,
  kind      ENUM('image', 'audio', 'video') NOT NULL,
  content   MEDIUMBLOB NULL,
  width     MEDIUMINT UNSIGNED NULL,
  height    MEDIUMINT UNSIGNED NULL,
  exif      JSON NULL,
  duration  TIME(6) NULL,
  taken_on  DATE NULL,
  CONSTRAINT media_blog FOREIGN KEY (blog_id) REFERENCES blogs (id) ON DELETE SET NULL
);

CREATE TABLE members (
  email     VARCHAR(120) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY,  -- Ana@… and ana@… are one member
  name      VARCHAR(100) NOT NULL DEFAULT '',
  secret    VARBINARY(64) NULL,
  born_on   DATE NULL,
  balance   DECIMAL(18, 6) NOT NULL DEFAULT 0,
  joined_at DATETIME(6) NOT NULL
);

CREATE TABLE subscriptions (
  blog_id INT UNSIGNED NOT NULL,
  email   VARCHAR(120) COLLATE utf8mb4_general_ci NOT NULL,
  since   DATE NOT NULL,
  amount  DECIMAL(30, 10) NULL,
  state   ENUM('trial', 'active', 'ended') NOT NULL,
  PRIMARY KEY (blog_id, email, since),
  KEY (email),
  CONSTRAINT subscription_blog FOREIGN KEY (blog_id) REFERENCES blogs (id) ON DELETE CASCADE,
  CONSTRAINT subscription_member FOREIGN KEY (email) REFERENCES members (email) ON DELETE CASCADE
);

CREATE TABLE page_views (
  day       DATE NOT NULL,
  path_hash BINARY(8) NOT NULL,
  blog_id   INT UNSIGNED NOT NULL,
  views     BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (day, path_hash, blog_id)
);

CREATE TABLE sessions (
  id         CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  user_name  VARCHAR(64) NULL,
  data       BLOB NULL,
  expires_at TIMESTAMP(6) NULL DEFAULT NULL
);

CREATE TABLE settings (
  `key`   VARCHAR(64) CHARACTER SET latin1 NOT NULL PRIMARY KEY,  -- from before anybody had heard of emoji
  `value` LONGTEXT NULL
);

-- Every numeric type at its edges, and every NULL.
CREATE TABLE measures (
  id       INT NOT NULL PRIMARY KEY,       -- below zero too
  tiny     TINYINT NULL,
  tiny_u   TINYINT UNSIGNED NULL,
  small    SMALLINT NULL,
  small_u  SMALLINT UNSIGNED NULL,
  medium   MEDIUMINT NULL,
  medium_u MEDIUMINT UNSIGNED NULL,
  whole    INT NULL,
  whole_u  INT UNSIGNED NULL,
  big      BIGINT NULL,
  big_u    BIGINT UNSIGNED NULL,
  exact    DECIMAL(65, 30) NULL,
  single   FLOAT NULL,
  twice    DOUBLE NULL,
  bits     BIT(64) NULL,
  at_year  YEAR NULL,
  at_time  TIME(6) NULL
);

-- No primary key: `cutover check` must complain about this one.
CREATE TABLE audit_log (
  at     DATETIME NOT NULL,
  who    VARCHAR(64) NULL,
  what   VARCHAR(255) NOT NULL,
  detail TEXT NULL
);
