# SPDX-License-Identifier: MIT
"""The blog host's data: the same rows for the same seed and size, made inside the server.

`load` fills a server with schema, rows, triggers, view and routines, without a trace in its binary log. `cached_template`
keeps the resulting data directory, so that the next lab copies it instead of making it again. The event is not part
of it: `create_event` runs once the replicas follow.
"""

import hashlib
import random
import shutil
import tempfile
from pathlib import Path

from . import ports
from .procs import together
from .servers import Server, cached

SQL = Path(__file__).parent / "blog"
SEED = 20150
PARAGRAPHS = 512

_WORDS = (
    "the a of and to in we you it is was for on with as at by from that this not but ocean server letter morning "
    "ghost paper cable sailor window market lantern river story garden engine harbour winter bread mountain song "
    "naïve façade Zürich Łódź smörgåsbord crème brûlée Ελλάδα Москва 東京 写真 서울 العربية עברית हिन्दी ไทย "
    "☕ 🚢 🌍 👩‍💻 🎉 ✍️ 𝒳 e\u0301 it's \"quoted\" back\\slash 100% <em>so</em> &amp;").split(" ")

# One INSERT ... SELECT for each table; `n` is the row's number, counting from 1, `rnd(x)` a number that depends on n,
# x and the seed, `p(x)` a paragraph chosen by it. Row counts are for each MB of data, but at least the second figure.
_ROWS = [
    ("blogs", 10, 25, """
     SELECT n, UNHEX(LEFT(SHA2(CONCAT('blog', n, {seed}), 256), 32)), CONCAT('blog-', n), CONCAT('The ', n, '. ☕ blog'),
            IF(n % 3, LEFT({p:tagline}, 200), IF(n % 2, '', NULL)),
            IF(n % 5, JSON_OBJECT('theme', ELT(1 + n % 3, 'casper', 'edition', 'été'), 'columns', n % 4,
                                  'nested', JSON_ARRAY(n, NULL, JSON_OBJECT('emoji', '🚢'))), NULL),
            1 + n % 5, {rnd:features} % 32, {rnd:flags} % 4096, IF(n % 4, n * 1.37, NULL),
            {time:created}, IF(n % 7, NULL, {time:archived})"""),
    ("tags", 4, 60, """
     SELECT CONCAT(ELT(1 + n % 4, 'Travel', 'código', 'ÄRGER', '🎉 party'), ' ', n), IF(n % 3, {p:tag}, NULL),
            IF(n % 2, CONCAT('#', LPAD(HEX({rnd:colour} % 16777216), 6, '0')), '')"""),
    ("articles (id, blog_id, slug, title, html, meta, status, rating, score, first_year, time_offset, published_at,"
     " updated_at)", 72, 100, """
     SELECT n, 1 + {rnd:blog} % {blogs}, CONCAT('article-', n), LEFT({p:title}, 20 + {rnd:length} % 200),
            CONCAT('<h1>', n, '</h1><p>', {p:1}, '</p><p>', {p:2}, '</p><p>', {p:3}, '</p><p>', {p:4}, '</p>'),
            IF(n % 6, JSON_OBJECT('language', ELT(1 + n % 5, 'en', 'fr', 'de', 'ja', 'pt-BR'), 'words', {rnd:w} % 4000,
                                  'ratio', n / 7), NULL),
            1 + {rnd:status} % 3, IF(n % 4, {rnd:rating} / 7e8, NULL), ({rnd:score} - 2147483648) / 3e-7,
            IF(n % 5, 1990 + n % 60, NULL), IF(n % 3, SEC_TO_TIME((n % 40000) / 7 - 2500), NULL),
            IF({rnd:status} % 3, {time:published}, NULL), {time:updated}"""),
    ("article_revisions", 60, 80, """
     SELECT 1 + (n - 1) DIV 2, 1 + n % 2, IF(n % 4, CONCAT('user-', n % 50), NULL),
            CONCAT({p:1}, '\\n\\n', {p:2}, '\\n\\n', {p:3}, '\\n\\n', {p:4}),
            UNHEX(SHA2(CONCAT(n, {seed}), 256)), {time:saved}"""),
    ("article_tags", 200, 250, """
     SELECT CONCAT(ELT(1 + (1 + n * 7 % {tags}) % 4, 'Travel', 'código', 'ÄRGER', '🎉 party'), ' ', 1 + n * 7 % {tags}),
            1 + n DIV 3, 1 + n % 3"""),
    ("comments", 300, 400, """
     SELECT n, 1 + {rnd:article} % {articles}, IF(n % 5 = 0, n - 1 - {rnd:parent} % LEAST(n - 1, 9), NULL),
            IF(n % 6, CONCAT('user-', {rnd:author} % 90), NULL),
            CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN INET6_ATON('2001:db8::1') ELSE INET6_ATON('192.0.2.7') END,
            LEFT({p:body}, {rnd:length} % 500), {rnd:karma} % 65536 - 32768, NULLIF(n % 3, 2), {time:written}"""),
    ("media", 14, 20, """
     SELECT UNHEX(LEFT(SHA2(CONCAT('media', n, {seed}), 256), 32)), IF(n % 9, 1 + n % {blogs}, NULL), CONCAT('photo ', n, ' 写真.jpg'),
            1 + n % 3, IF(n % 8, REPEAT(UNHEX(SHA2(CONCAT(n, {seed}), 512)), 1 + {rnd:size} % 500), IF(n % 16, '', NULL)),
            IF(n % 3, {rnd:width} % 16777216, NULL), IF(n % 3, {rnd:height} % 9000, NULL),
            IF(n % 4, JSON_OBJECT('iso', 100 * (n % 9), 'lens', '50 mm ƒ/1.8'), NULL),
            IF(n % 3 = 2, SEC_TO_TIME({rnd:duration} % 90000 / 13), NULL),
            IF(n % 5, DATE_ADD('1970-01-01', INTERVAL {rnd:taken} % 20000 DAY), NULL)"""),
    ("members", 80, 90, """
     SELECT CONCAT(IF(n % 2, 'Ana.', 'zoë.'), n, '@example.com'), IF(n % 7, LEFT({p:name}, 30), ''),
            IF(n % 3, UNHEX(SHA2(CONCAT(n, {seed}), 384)), IF(n % 2, '', NULL)),
            IF(n % 4, DATE_ADD('1930-01-01', INTERVAL {rnd:born} % 29000 DAY), NULL),
            ({rnd:balance} - 2147483648) / 1000, {time:joined}"""),
    ("subscriptions", 100, 120, """
     SELECT 1 + n % {blogs}, CONCAT(IF((1 + n % {members}) % 2, 'Ana.', 'zoë.'), 1 + n % {members}, '@example.com'),
            DATE_ADD('2015-01-01', INTERVAL n DIV 100 DAY), IF(n % 5, {rnd:amount} / 7, NULL), 1 + n % 3"""),
    ("page_views", 500, 600, """
     SELECT DATE_ADD('2016-01-01', INTERVAL n DIV 400 DAY), UNHEX(LEFT(SHA2(CONCAT(n, {seed}), 256), 16)), 1 + n % {blogs},
            {rnd:high} * 4294967296 + {rnd:low}"""),
    ("sessions", 60, 70, """
     SELECT SHA2(CONCAT('session', n, {seed}), 256), IF(n % 3, CONCAT('user-', n), NULL),
            IF(n % 4, UNHEX(SHA2(CONCAT(n, {seed}), 512)), NULL), IF(n % 5, {time:expires}, NULL)"""),
    ("signups", 25, 40, """
     SELECT n, CONCAT('user-', n), LEFT(SHA2(CONCAT('signup', n, {seed}), 256), 32), IF(n % 10, 'confirmed', 'reserved'), 'old',
            {time:reserved}, IF(n % 10, TIMESTAMPADD(MINUTE, 7, {time:reserved}), NULL), IF(n % 10, 'old', NULL)"""),
    ("users", 22, 36, """
     SELECT n, n + (n - 1) DIV 9, CONCAT('user-', n + (n - 1) DIV 9), {time:created}"""),
    ("posts", 60, 70, """
     SELECT n, LEFT(SHA2(CONCAT('post', n, {seed}), 256), 32), CONCAT('user-', 1 + {rnd:user} % {signups}), LEFT({p:title}, 80),
            {p:1}, 'old', {time:posted}"""),
    ("settings", 0, 60, """
     SELECT CONCAT('setting.', n, '.é'), CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE {p:value} END"""),
    ("measures", 0, 400, """
     SELECT n - 200, {rnd:1} % 256 - 128, {rnd:2} % 256, {rnd:3} % 65536 - 32768, {rnd:4} % 65536,
            {rnd:5} % 16777216 - 8388608, {rnd:6} % 16777216, CAST({rnd:7} AS SIGNED) - 2147483648, {rnd:8},
            CAST({rnd:9} AS SIGNED) * 2147483647 - 4611686018427387904, {rnd:10} * 4294967296 + {rnd:11},
            CONCAT(IF(n % 2, '-', ''), {rnd:12}, {rnd:13}, '.', {rnd:14}, {rnd:15}), ({rnd:16} - 2e9) / 3e5,
            ({rnd:17} - 2e9) * 3e77, {rnd:18} * 4294967296 + {rnd:19}, 1901 + n % 255,
            SEC_TO_TIME({rnd:20} % 5999999999 / 1000 - 3000000)"""),
    ("audit_log", 0, 2000, """
     SELECT {time:at}, IF(n % 3, CONCAT('user-', n % 40), NULL), CONCAT('did thing ', n % 100),
            IF(n % 2, {p:detail}, NULL)"""),
]

# Rows that follow from others, and values no random number would hit.
_FINISH = """
INSERT INTO blog.post_stats SELECT id, CHAR_LENGTH(body), LENGTH(body) FROM blog.posts;
INSERT INTO blog.measures VALUES
 (-2147483648, -128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0,
  -99999999999999999999999999999999999.999999999999999999999999999999, -3.402823466e38, -1.7976931348623157e308,
  b'0', 1901, '-{longest_time}'),
 (2147483647, 127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807,
  18446744073709551615, 99999999999999999999999999999999999.999999999999999999999999999999, 3.402823466e38,
  1.7976931348623157e308, b'1111111111111111111111111111111111111111111111111111111111111111', 2155,
  '{longest_time}'),
 (1000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (1001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.17549e-38, 2.2250738585072014e-308, 0, 0, '-00:00:00.000001'),
 (1002, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 1, 2000, '00:00:00');
INSERT INTO blog.settings VALUES
 ('', ''), ('space ', ' '), ('null', NULL), ('newline', '\\n\\r\\n\\t'), ('nul', '\\0'), ('quote', '\\'"`\\\\'),
 ('long', REPEAT('Łorem ipsum ☕ ', 20000));
"""


# The edge of TIME(6). The fraction of the last second is MariaDB's only.
_LONGEST_TIME = {True: "838:59:59.999999", False: "838:59:59.000000"}


def load(server, mb):
    """Create and fill schema `blog` with at least `mb` MB. The binary log of the server sees nothing of it."""
    is_mariadb = "MariaDB" in server.value("SELECT VERSION()")
    server.query("SET SESSION sql_log_bin = 0; " + (SQL / "tables.sql").read_text())
    counts = {into.split()[0]: max(least, per_mb * mb) for into, per_mb, least, _ in _ROWS}
    _create_scratch(server, max(counts.values()))
    halves = (_ROWS[::2], _ROWS[1::2])
    together(*[lambda rows=rows: _fill(server, rows, counts) for rows in halves])
    server.query(f"SET SESSION sql_log_bin = 0; DROP DATABASE {_SCRATCH}; USE blog; "
                 + _FINISH.format(longest_time=_LONGEST_TIME[is_mariadb]) + (SQL / "programs.sql").read_text())
    server.query("ANALYZE LOCAL TABLE " + ", ".join(f"blog.{table}" for table in tables(server)))


def create_event(primary):
    """Create the event, through the binary log, on a primary whose replicas follow."""
    primary.query((SQL / "event.sql").read_text())


def tables(server):
    """The names of the tables (not views) of schema `blog`."""
    rows = server.query("SELECT table_name AS name FROM information_schema.tables"
                        " WHERE table_schema = 'blog' AND table_type = 'BASE TABLE' ORDER BY 1")
    return [row["name"] for row in rows]


def size_bytes(server):
    """How much data and index InnoDB keeps for schema `blog`."""
    return int(server.value("SELECT SUM(data_length + index_length) FROM information_schema.tables"
                            " WHERE table_schema = 'blog'"))


def cached_template(cache, mb, kind):
    """A data directory of that kind that holds the data set; made when `cache` has none for this size and these sources.

    Those of the same size and kind from older sources are removed then.
    """
    prefix = f"blog-{mb}mb-{kind.name}-"

    def build(datadir):
        for outdated in cache.glob(f"{prefix}*"):
            if outdated.is_dir():
                shutil.rmtree(outdated)
        with tempfile.TemporaryDirectory(dir=cache, prefix="load-") as folder:
            network = ports.Network()
            server = Server(kind, Path(folder), "loader", network.address(2), 1, kind.empty_template(cache),
                            options=kind.bulk_options)
            try:
                server.start()
                load(server, mb)
                server.stop()
            finally:
                server.kill9()
                network.release()
            kind.forget_identity(server.data)
            server.data.rename(datadir)

    return cached(cache / f"{prefix}{_sources_digest()}-{kind.version}", build)


def _sources_digest():
    """Changes whenever the rows might."""
    digest = hashlib.sha256()
    for path in [Path(__file__), *sorted(SQL.glob("*.sql"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


_SCRATCH = "blog_scratch"


def _create_scratch(server, count):
    """Tables that the rows are made from: paragraphs of text, and the numbers from 1 to `count`."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SET SESSION sql_log_bin = 0; CREATE DATABASE {_SCRATCH} CHARACTER SET utf8mb4 COLLATE"
                       f" utf8mb4_unicode_ci; USE {_SCRATCH}; CREATE TABLE paragraphs (id INT PRIMARY KEY, text TEXT NOT"
                       " NULL); CREATE TABLE numbers (n BIGINT PRIMARY KEY); INSERT INTO numbers VALUES (1)")
        while cursor.nextset():
            pass
        cursor.executemany("INSERT INTO paragraphs VALUES (%s, %s)", list(enumerate(_paragraphs())))
        known = 1
        while known < count:
            known += cursor.execute("INSERT INTO numbers SELECT n + %s FROM numbers WHERE n <= %s", (known, count - known))


def _fill(server, rows, counts):
    with server.connect(read_timeout=600) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_log_bin = 0, foreign_key_checks = 0, unique_checks = 0, time_zone = '+00:00',"
                       " sql_mode = CONCAT(@@sql_mode, ',NO_UNSIGNED_SUBTRACTION')")
        cursor.execute("USE blog")
        for into, _, _, select in rows:
            cursor.execute(_insert(into, select, counts))


def _insert(into, select, counts):
    """The INSERT statement of one row of _ROWS, with {rnd:x}, {time:x} and {p:x} spelled out."""
    joins = []

    class Random:
        def __format__(self, salt):
            return f"CRC32(CONCAT(n, ' {salt} ', {SEED}))"

    class Time:
        def __format__(self, salt):
            return f"TIMESTAMPADD(MICROSECOND, {Random():{salt}} * 73000 + n % 1000000, '2013-10-19')"

    class Paragraph:
        def __format__(self, salt):
            alias = f"p{len(joins)}"
            joins.append(f" JOIN {_SCRATCH}.paragraphs AS {alias} ON {alias}.id = {Random():{salt}} % {PARAGRAPHS}")
            return f"{alias}.text"

    values = select.format(seed=SEED, rnd=Random(), time=Time(), p=Paragraph(), **counts)
    numbers = f"(SELECT n FROM {_SCRATCH}.numbers WHERE n <= {counts[into.split()[0]]}) AS numbers"
    return f"INSERT INTO {into} {values} FROM {numbers}{''.join(joins)}"


def _paragraphs():
    chooser = random.Random(SEED)
    for _ in range(PARAGRAPHS):
        yield " ".join(chooser.choices(_WORDS, k=chooser.randrange(60, 180)))
