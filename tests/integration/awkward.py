# SPDX-License-Identifier: MIT
"""Tables, programs and accounts that a copy by way of text can damage, and how to see whether it did.

Everything is planted in schema blog of a lab's OLD. The texts are of a flavour; what both know is in COMMON.
"""

import re
import threading

_COMMON = r"""
USE blog;
CREATE TABLE `odd ``name` (`a``b.c` INT PRIMARY KEY, `größe` VARCHAR(20), t VARCHAR(60), l VARCHAR(60) CHARACTER SET latin1,
  u VARCHAR(60) CHARACTER SET utf16, r VARBINARY(300), bits BIT(64), f FLOAT, d DOUBLE, x DECIMAL(65,30), g GEOMETRY,
  y YEAR, z DATE, ts TIMESTAMP(6) NULL, tm TIME(6), i {inet}, e ENUM('','a''b','é☕'), s SET('a','b','é'), j JSON,
  el ENUM('x','é') CHARACTER SET latin1, f2 FLOAT(9,2),
  v VARCHAR(80) AS (CONCAT(t, '!')) VIRTUAL, p INT AS (`a``b.c` * 2) STORED);
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
INSERT INTO `odd ``name` (`a``b.c`, `größe`, t, l, u, r, bits, f, d, x, g, y, z, ts, tm, i, e, s, j, el, f2) VALUES
 (1, 'x', 'it''s \\ "q" \n\r\Z ☕', 'é\\', 'ü☕', X'00270A0D5C1A22FF', b'1000000000000000000000000000000000000000000000000000000000000001',
  1.17549435e-38, 4.9e-324, '-12345678901234567890123456789012345.123456789012345678901234567891', POINT(1.5, -2), 2155, '0000-00-00',
  '1970-01-01 00:00:01', '-838:59:59.{longest}', '2001:db8::1', 'é☕', 'a,é', '{{"a": "\\u0000"}}', 'é', 1234567.89),
 (2, NULL, '', '', '', '', 0, 3.4028234e38, 1.7976931348623157e308, 0, NULL, 0, '2024-02-29', NULL, '00:00:00.000001', '::', '', '', '[]', NULL, -0.01),
 (3, NULL, NULL, NULL, NULL, NULL, NULL, 0.1, 0.1, NULL, NULL, NULL, NULL, '2038-01-19 03:14:07.999999', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (-2147483648, 'a ', 'trailing  ', 'b ', 'c ', X'2020', 255, 16777217, 123456789012345680000, 1e-30, NULL, 1901, NULL, NULL, NULL,
  '::ffff:1.2.3.4', 'a''b', '', '"text"', 'x', 0);
CREATE TABLE zero (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT) AUTO_INCREMENT = 5000;
INSERT INTO zero VALUES (0, 'zero');
CREATE TABLE nothing (id INT PRIMARY KEY);
CREATE TABLE keyless (a INT, b VARCHAR(10) DEFAULT 'it''s');
INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL);
CREATE TABLE parts (id INT NOT NULL, at DATE NOT NULL, note VARCHAR(20), PRIMARY KEY (id, at))
  PARTITION BY RANGE (YEAR(at)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (
  PARTITION y2019 VALUES LESS THAN (2020) COMMENT = 'it''s', PARTITION later VALUES LESS THAN MAXVALUE);
INSERT INTO parts VALUES (1, '2019-05-05', 'old'), (2, '2021-05-05', 'new'), (3, '9999-12-31', NULL);
CREATE TABLE squeezed (id INT PRIMARY KEY, t TEXT, FULLTEXT KEY words (t)) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8 COMMENT = 'a ''comment'' ☕';
INSERT INTO squeezed VALUES (1, REPEAT('ab ', 1000));
CREATE TABLE chicken (id INT PRIMARY KEY, egg INT, KEY (egg));
CREATE TABLE egg (id INT PRIMARY KEY, chicken INT, CONSTRAINT chicken_ibfk_1 FOREIGN KEY (chicken) REFERENCES chicken (id) ON DELETE CASCADE);
ALTER TABLE chicken ADD CONSTRAINT egg_ibfk_1 FOREIGN KEY (egg) REFERENCES egg (id) ON DELETE SET NULL;
SET foreign_key_checks = 0;
INSERT INTO chicken VALUES (1, 1), (2, NULL), (3, 99);
INSERT INTO egg VALUES (1, 1), (2, 77);
SET foreign_key_checks = 1;
CREATE TABLE checked (id INT PRIMARY KEY, n INT, CONSTRAINT small CHECK (n < 10), CHECK (n <> 5));
INSERT INTO checked VALUES (1, 9), (2, NULL);
CREATE TABLE ruled (id INT PRIMARY KEY, at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), t VARCHAR(64) DEFAULT (UUID()));
INSERT INTO ruled VALUES (1, '2020-02-02 02:02:02.222', 'x');
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
SET NAMES latin1;
CREATE DEFINER = 'app'@'127.%' FUNCTION shout(t TEXT) RETURNS TEXT DETERMINISTIC RETURN t || '!';
SET NAMES utf8mb4;
SET sql_mode = 'STRICT_ALL_TABLES';
CREATE DEFINER = 'app'@'127.%' VIEW b_second AS SELECT id, 'ü' AS c FROM zero;
CREATE DEFINER = 'app'@'127.%' VIEW a_first AS SELECT * FROM b_second;
CREATE DEFINER = 'app'@'127.%' EVENT `ENABLE it` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE
  COMMENT ' ON COMPLETION NOT PRESERVE ENABLE DO ' DO DELETE FROM zero WHERE t = ' ENABLE ';
CREATE DEFINER = 'app'@'127.%' EVENT idle ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM zero WHERE id < 0;
"""

_MARIADB = r"""
CREATE TABLE hidden (id INT PRIMARY KEY, secret INT INVISIBLE DEFAULT 7);
INSERT INTO hidden (id, secret) VALUES (1, 42);
"""

_MYSQL = r"""
CREATE TABLE hidden (id INT PRIMARY KEY, secret INT INVISIBLE DEFAULT 7, KEY unseen (secret) INVISIBLE, KEY down (secret DESC));
INSERT INTO hidden (id, secret) VALUES (1, 42);
SET sql_generate_invisible_primary_key = 1;
CREATE TABLE given_a_key (t VARCHAR(20));
SET sql_generate_invisible_primary_key = 0;
INSERT INTO given_a_key VALUES ('a'), ('a');
DELETE FROM given_a_key LIMIT 1;
INSERT INTO given_a_key VALUES ('b');
CREATE TABLE computed (id INT PRIMARY KEY, first VARCHAR(20), last VARCHAR(20), tags JSON, place POINT NOT NULL SRID 4326,
  UNIQUE KEY both_names ((CONCAT(first, ' ', last))), KEY each_tag ((CAST(tags->'$.ids' AS UNSIGNED ARRAY))), SPATIAL KEY (place),
  CONSTRAINT loose CHECK (id > 100) NOT ENFORCED);
INSERT INTO computed VALUES (1, 'Zoë', 'Ångström', '{"ids": [3, 1, 2]}', ST_GeomFromText('POINT(52.5 13.4)', 4326));
CREATE TABLE documents (id INT PRIMARY KEY, j JSON, v VECTOR(3));
INSERT INTO documents VALUES (1, JSON_OBJECT('price', 1.50, 'rate', 0.1e0, '', JSON_ARRAY(10.00, JSON_OBJECT('k"y ☕', -0.100))), STRING_TO_VECTOR('[1,-2.5,0]')),
  (2, CAST(12345678901234567890123456789012345.6700 AS JSON), NULL), (3, 'null', NULL), (4, NULL, NULL), (5, '{"e": 1e300, "z": -0.0}', NULL);
SET restrict_fk_on_non_standard_key = 0;
CREATE TABLE loosely (id INT PRIMARY KEY, n INT, KEY (n, id), CONSTRAINT half FOREIGN KEY (n) REFERENCES parted_key (b));
"""

_SETTINGS = {"mariadb": {"inet": "INET6", "longest": "999999"}, "mysql": {"inet": "VARCHAR(40)", "longest": "000000"}}

# A foreign key to columns that are not unique: its table first, then the one that refers to it.
_MYSQL_PARENT = "USE blog; CREATE TABLE parted_key (a INT, b INT, KEY (b)); INSERT INTO parted_key VALUES (1, 1), (2, 1);"

# Made by somebody whom the server trusts; nothing says what it does. On every node by itself: none else trusts it.
_UNTRUSTED = """
SET sql_log_bin = 0; SET GLOBAL log_bin_trust_function_creators = 1;
USE blog; CREATE DEFINER = 'app'@'127.%' FUNCTION dice() RETURNS INT RETURN FLOOR(1 + RAND() * 6);
SET GLOBAL log_bin_trust_function_creators = 0;
"""

_PROGRAMS = """
SELECT 'trigger' k, TRIGGER_NAME n, ACTION_STATEMENT t, DEFINER d, SQL_MODE m, CHARACTER_SET_CLIENT c, COLLATION_CONNECTION l, ACTION_ORDER o
  FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'blog'
UNION SELECT 'routine', ROUTINE_NAME, ROUTINE_DEFINITION, DEFINER, SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, 0
  FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'blog'
UNION SELECT 'view', TABLE_NAME, VIEW_DEFINITION, DEFINER, SECURITY_TYPE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, 0
  FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'blog'
UNION SELECT 'event', EVENT_NAME, EVENT_DEFINITION, CONCAT(DEFINER, INTERVAL_VALUE, INTERVAL_FIELD, COALESCE(STARTS, ''), ON_COMPLETION,
             TIME_ZONE, EVENT_COMMENT), SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, 0
  FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'blog'
ORDER BY 1, 2
"""


def plant(lab):
    """Put all of it into OLD and wait until its replicas have it."""
    flavour = lab.old.primary.kind.flavour
    text = _COMMON.format(**_SETTINGS[flavour])
    for server in lab.old.nodes:
        server.query(_UNTRUSTED)
    if flavour == "mysql":
        lab.old.primary.query(_MYSQL_PARENT)
        text += _MYSQL
    else:
        text += _MARIADB
    lab.old.primary.query(text)
    lab.old.wait_replicas()


def tables(server):
    rows = server.query("SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'blog'"
                        " AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1")
    return [row["name"] for row in rows]


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


def statements(server):
    """{table: how it was made}. What counts up while the source is used is left out."""
    made = {}
    for name in tables(server):
        text = server.query(f"SHOW CREATE TABLE blog.{quoted(name)}")[0]["Create Table"]
        made[name] = re.sub(r" AUTO_INCREMENT=\d+", "", text)
    return made


def programs(server):
    """Everything about them. (A semicolon at the end is the client's, and MySQL keeps it only if another statement follows.)"""
    return [{**row, "t": (row["t"] or "").rstrip(";")} for row in server.query(_PROGRAMS)]


def rows(server, name):
    """Every value of a table, invisible columns too, as exactly as it can be shown, in an order of its own."""
    columns = server.query("SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS"
                           " WHERE TABLE_SCHEMA = 'blog' AND TABLE_NAME = %s ORDER BY COLUMN_NAME", (name,))
    shown = {"float": "{} * 1E0", "bit": "{} + 0", "vector": "HEX({})", "point": "HEX({})", "geometry": "HEX({})"}
    values = ", ".join(shown.get(column["type"], "CAST({} AS CHAR)" if column["type"] == "timestamp" else "{}")
                       .format(quoted(column["name"])) for column in columns)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(f"SELECT {values} FROM blog.{quoted(name)}")
        return sorted(repr(tuple(row.values())) for row in cursor.fetchall())


class Writer:
    """Transactions that move a number between two rows, so that their sum tells whether a copy tore one apart."""

    def __init__(self, server):
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.count = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        with self._server.connect(autocommit=False) as connection, connection.cursor() as cursor:
            while not self._stop.wait(0.003):
                cursor.execute("UPDATE blog.comments SET karma = karma + 1 WHERE id = %s", (1 + self.count % 3,))
                cursor.execute("UPDATE blog.articles SET score = score - 1 WHERE id = %s", (1 + self.count % 3,))
                cursor.execute("INSERT INTO blog.zero (t) VALUES (UUID())")
                cursor.execute("UPDATE blog.squeezed SET t = CONCAT('x', LEFT(t, 2000)) WHERE id = 1")
                connection.commit()
                self.count += 1
