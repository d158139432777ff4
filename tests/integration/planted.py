# SPDX-License-Identifier: MIT
"""Tables, writers and differences for test_verify_planted.py.

Writers and differences keep out of each other's rows, because a replicated UPDATE carries the whole row and would heal
what was planted in it; but they share every chunk. A plant says which rows it touches, by key, so that it can be undone
from a copy that both servers keep beside (database planted_keep, which cutover does not look at).
"""

import random
import threading
from dataclasses import dataclass

import pymysql

KEEP = "planted_keep"
ROWS = 1000
STEP = 10  # between two ids, so that rows can come in between

TABLES = {
    "planted_types": """(id INT PRIMARY KEY, n INT, big BIGINT UNSIGNED, t VARCHAR(60) COLLATE utf8mb4_general_ci, u VARCHAR(60),
        c CHAR(20), f FLOAT, d DOUBLE, x DECIMAL(30,10), b MEDIUMBLOB, bits BIT(12), g POINT, j JSON, e ENUM('x','y','z'),
        s SET('p','q','r'), day DATE, at DATETIME(6), seen TIMESTAMP(3) NULL, took TIME(3), y YEAR,
        twice INT AS (n * 2) VIRTUAL)""",
    "planted_text": """(lang VARCHAR(20) COLLATE utf8mb4_general_ci, slug VARCHAR(40) COLLATE utf8mb4_unicode_ci, part SMALLINT,
        v VARCHAR(60), PRIMARY KEY (lang, slug, part))""",
    "planted_bytes": "(id VARBINARY(20) PRIMARY KEY, v INT)",
    "planted_mixed": """(kind ENUM('zebra','ape','cow') NOT NULL, flags BIT(10) NOT NULL, amount DECIMAL(12,4) NOT NULL,
        at DATETIME(6) NOT NULL, v INT, UNIQUE KEY (flags, kind, amount, at))""",
    "planted_none": "(a INT, b VARCHAR(40), c VARCHAR(40))",
    "planted_edges": "(id INT PRIMARY KEY, v VARCHAR(20))",
    "planted_hot": "(id INT PRIMARY KEY, n BIGINT NOT NULL, t VARCHAR(60))",
}
NAMES = [f"blog.{name}" for name in TABLES]

_FILL = {
    "planted_types": """(id, n, big, t, u, c, f, d, x, b, bits, g, j, e, s, day, at, seen, took, y)
        SELECT 10 * seq, seq % 97, 18446744073709551615 - seq, CONCAT('text ', seq), 'y', CONCAT('c', seq), seq / 7, seq / 7,
        seq / 9, REPEAT(UNHEX(SHA2(seq, 256)), IF(seq % 20, 2, 512)), seq % 4096,
        ST_PointFromText(CONCAT('POINT(', seq, ' 1)')), JSON_OBJECT('k', seq), 1 + seq % 3, seq % 8,
        TIMESTAMPADD(DAY, seq, '2001-01-01'), TIMESTAMPADD(MICROSECOND, seq * 7654321, '2020-02-29'),
        FROM_UNIXTIME(1600000000 + 3600 * seq), SEC_TO_TIME(seq), 1970 + seq % 99 FROM {numbers}""",
    "planted_text": """SELECT ELT(1 + seq % 5, 'de', 'Ärger', 'fr', 'hot', '日本'), CONCAT('slug ', LPAD(seq DIV 5, 4, '0')), seq % 3,
        CONCAT('value ', seq) FROM {numbers}""",
    "planted_bytes": "SELECT UNHEX(LPAD(HEX(seq * 7919 % 65536), 4, '0')), seq FROM {numbers}",
    "planted_mixed": """SELECT 1 + seq % 3, seq % 1024, seq / 16, TIMESTAMPADD(MICROSECOND, seq * 1234567, '2020-02-29'), seq
        FROM {numbers}""",
    "planted_none": "SELECT seq % 50, CONCAT('b', seq % 40), IF(seq % 3, 'c', NULL) FROM {numbers}",
    "planted_edges": "SELECT 10 * seq, CONCAT('v', seq) FROM {numbers}",
    "planted_hot": "SELECT seq, 0, 'warm' FROM {numbers}",
}


def create(primary):
    """The tables and their rows, replicated; to be called before NEW is seeded."""
    digits = " UNION ALL ".join(f"SELECT {digit}{' AS n' if digit == 0 else ''}" for digit in range(10))
    numbers = (f"(SELECT 1 + ones.n + 10 * tens.n + 100 * hundreds.n AS seq FROM ({digits}) AS ones, ({digits}) AS tens,"
               f" ({digits}) AS hundreds) AS numbers")
    for name, columns in TABLES.items():
        primary.query(f"SET time_zone = '+00:00'; USE blog; CREATE TABLE {name} {columns};"
                      f"INSERT INTO {name} {_FILL[name].format(numbers=numbers)}; ANALYZE TABLE {name}")


def keep(server):
    """Remember the rows as they are now, on this server alone."""
    server.query(f"SET sql_log_bin = 0; CREATE DATABASE {KEEP}; "
                 + "".join(f"CREATE TABLE {KEEP}.{name} LIKE blog.{name}; INSERT INTO {KEEP}.{name} ({_columns(name)})"
                           f" SELECT {_columns(name)} FROM blog.{name};" for name in TABLES))


def _columns(name):
    """Those that can be written to."""
    columns, depth, start, text = [], 0, 0, TABLES[name].strip()[1:-1] + ","
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            columns.append(text[start:place].split())
            start = place + 1
    return ", ".join(words[0] for words in columns if words[0] not in ("PRIMARY", "UNIQUE") and "VIRTUAL" not in words)


# --- differences -----------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Plant:
    """One difference, or some that belong together.

    table   without its database
    where   the rows it touches, by key
    change  the statement, on `side`
    found   what a comparison must say: (kind, key, column); key None where a table has none
    only    the flavour that it can be planted in; None for every one
    is_beyond_checksum  CHECKSUM TABLE, which fast rests on, cannot see it: it adds no lengths to what it sums up
    """

    name: str
    table: str
    where: str
    change: str
    found: tuple
    side: str = "new"
    only: str | None = None
    is_beyond_checksum: bool = False

    @property
    def expected(self):
        return [(kind, f"blog.{self.table}", key, column) for kind, key, column in self.found]


def _types(name, number, change, column, **rest):
    """A change in the row (or rows) of planted_types with these numbers; never one that ends in 7."""
    numbers = number if isinstance(number, tuple) else (number,)
    ids = ", ".join(str(STEP * n) for n in numbers)
    return Plant(name, "planted_types", f"id IN ({ids})", f"UPDATE blog.planted_types SET {change} WHERE id IN ({ids})",
                 tuple(("changed", f"id={STEP * n}", column) for n in numbers), **rest)


def _same_key(name, lang, slug, column, value):
    """A key became another one that its collation takes for the same: to those who compare bytes, one row gone, one new."""
    where = f"lang = '{lang}' AND slug = '{slug}' AND part = 1"
    now = {"lang": lang, "slug": slug, column: value}
    return Plant(f"{name}, where the collation does not care", "planted_text", where,
                 f"UPDATE blog.planted_text SET {column} = '{value}' WHERE {where}",
                 (("missing", f"lang='{lang}', slug='{slug}', part=1", ""),
                  ("extra", f"lang='{now['lang']}', slug='{now['slug']}', part=1", "")))


_FLIP = "{at} = CONCAT(SUBSTR(b, 1, {n}), UNHEX(LPAD(HEX(ORD(SUBSTR(b, {n} + 1, 1)) ^ {bit}), 2, '0')), SUBSTR(b, {n} + 2))"

PLANTS = [
    _types("one bit in a long blob", 20, _FLIP.format(at="b", n=9000, bit=1), "b"),
    _types("the first bit of a blob", 40, _FLIP.format(at="b", n=0, bit=128), "b"),
    _types("the last bit of a short blob", 41, _FLIP.format(at="b", n=63, bit=1), "b"),
    _types("a blob that is one zero byte longer", 42, "b = CONCAT(b, X'00')", "b"),
    _types("NULL became an empty text", 43, "u = NULL", "u"),
    _types("an empty text instead of what was there", 44, "u = ''", "u"),
    _types("NULL instead of zero", 970, "n = NULL", "n"),  # 970 % 97 = 0
    _types("a trailing blank", 45, "t = CONCAT(t, ' ')", "t"),
    _types("a trailing tab", 46, "t = CONCAT(t, '\t')", "t"),
    _types("case only, where the collation does not care", 48, "t = UPPER(t)", "t"),
    _types("an accent only, where the collation does not care", 49, "t = 'téxt 49'", "t"),
    _types("a letter composed of two", 50, "t = CONVERT(X'7465CC81787420353020' USING utf8mb4)", "t"),
    _types("values of two rows swapped", (51, 52), "t = IF(id = 510, 'text 52', 'text 51')", "t"),
    _types("whole blobs of two rows swapped", (53, 54), "b = REPEAT(UNHEX(SHA2(IF(id = 530, 54, 53), 256)), 2)", "b"),
    _types("the same change in two rows", (61, 962), "n = n + 1", "n"),
    _types("the same bit in two blobs: cancels under XOR", (63, 964), _FLIP.format(at="b", n=20, bit=4), "b"),
    _types("plus one and minus one: cancels under a sum", (65, 966), "n = IF(id = 650, n + 1, n - 1)", "n"),
    _types("the same new text in four rows", (68, 69, 71, 72), "c = 'same'", "c"),
    _types("a border between two values moved", 73, "t = 'text 73#', u = 'y'", "t"),
    _types("a border moved, the text in all the same", 74, "t = 'text 7', u = '4y'", "t", is_beyond_checksum=True),
    _types("an hour later, as of another time zone", 75, "seen = seen + INTERVAL 1 HOUR", "seen"),
    _types("an hour later, a DATETIME", 76, "at = at + INTERVAL 1 HOUR", "at"),
    _types("a microsecond", 78, "at = at + INTERVAL 1 MICROSECOND", "at"),
    _types("a millisecond", 79, "seen = seen + INTERVAL 1000 MICROSECOND", "seen"),
    _types("a thousandth of a second of a TIME", 80, "took = ADDTIME(took, '00:00:00.001')", "took"),
    _types("the last bit of a FLOAT", 81, "f = CAST(f AS DOUBLE) * 1.0000001", "f"),
    _types("the last bit of a DOUBLE", 83, "d = d * 1.0000000000000002e0", "d"),
    _types("the last digit of a DECIMAL", 84, "x = x + 0.0000000001", "x"),
    _types("one of 2^64", 85, "big = big - 1", "big"),
    _types("one bit", 86, "bits = bits ^ 1", "bits"),
    _types("a point on the map", 88, "g = ST_PointFromText('POINT(88 2)')", "g"),
    _types("a value in a JSON", 89, "j = JSON_OBJECT('k', '89')", "j"),
    _types("a blank in a JSON, which MariaDB keeps", 90, "j = '{\"k\":  90}'", "j", only="mariadb"),
    _types("another word of an ENUM", 91, "e = 1 + e % 3", "e"),
    _types("a word of a SET", 92, "s = s ^ 1", "s"),
    _types("a day", 93, "day = day + INTERVAL 1 DAY", "day"),
    _types("a year", 94, "y = y + 1", "y"),
    _types("the first row", 1, "n = n + 1", "n"),
    _types("the last row", 1000, "n = n + 1", "n"),
    Plant("in a composite key of text", "planted_text", "lang = 'Ärger' AND slug = 'slug 0020' AND part = 2",
          "UPDATE blog.planted_text SET v = 'other' WHERE lang = 'Ärger' AND slug = 'slug 0020' AND part = 2",
          (("changed", "lang='Ärger', slug='slug 0020', part=2", "v"),)),
    Plant("a row of text keys is missing", "planted_text", "lang = '日本' AND slug = 'slug 0100' AND part = 0",
          "DELETE FROM blog.planted_text WHERE lang = '日本' AND slug = 'slug 0100' AND part = 0",
          (("missing", "lang='日本', slug='slug 0100', part=0", ""),)),
    Plant("a row of text keys too many", "planted_text", "lang = 'de' AND slug = 'slug 0100 and more' AND part = 0",
          "INSERT INTO blog.planted_text VALUES ('de', 'slug 0100 and more', 0, '')",
          (("extra", "lang='de', slug='slug 0100 and more', part=0", ""),)),
    _same_key("the case of a key", "fr", "slug 0061", "slug", "SLUG 0061"),
    _same_key("the case of the first part of a key", "de", "slug 0062", "lang", "DE"),
    _same_key("a trailing blank of a key", "fr", "slug 0070", "slug", "slug 0070 "),
    _same_key("the accent of a key", "Ärger", "slug 0069", "lang", "Arger"),
    Plant("in a key of bytes", "planted_bytes", "id = X'3DDE'", "UPDATE blog.planted_bytes SET v = 0 WHERE id = X'3DDE'",
          (("changed", "id=0x3DDE", "v"),)),
    Plant("in a key of enum, bits, decimal and time", "planted_mixed", "flags = 17 AND amount = 1.0625",
          "UPDATE blog.planted_mixed SET v = 0 WHERE flags = 17 AND amount = 1.0625",
          (("changed", "flags=0x0011, kind='cow', amount=1.0625, at='2020-02-29 00:00:20.987639'", "v"),)),
    Plant("NULL and an empty text where there is no key", "planted_none", "a = 20",
          "UPDATE blog.planted_none SET c = '' WHERE a = 20 AND c IS NULL LIMIT 1", (("changed", None, "c"),)),
    Plant("a row changed where there is no key", "planted_none", "a = 21",
          "UPDATE blog.planted_none SET b = 'planted' WHERE a = 21 LIMIT 1", (("changed", None, "b"),)),
    Plant("a double row where there is no key", "planted_none", "a = 22",
          "INSERT INTO blog.planted_none SELECT * FROM planted_keep.planted_none WHERE a = 22 LIMIT 1", (("extra", None, ""),)),
    Plant("a row missing where there is no key", "planted_none", "a = 23",
          "DELETE FROM blog.planted_none WHERE a = 23 LIMIT 1", (("missing", None, ""),)),
    Plant("between rows that are hot all the time", "planted_hot", "id IN (3, 5)",
          "UPDATE blog.planted_hot SET t = 'cold' WHERE id IN (3, 5)", (("changed", "id=3", "t"), ("changed", "id=5", "t"))),
    Plant("missing between rows that are hot all the time", "planted_hot", "id = 7",
          "DELETE FROM blog.planted_hot WHERE id = 7", (("missing", "id=7", ""),)),
    Plant("changed on the source, unlogged", "planted_hot", "id = 301",
          "UPDATE blog.planted_hot SET t = 'unlogged' WHERE id = 301", (("changed", "id=301", "t"),), side="old"),
    Plant("deleted on the source, unlogged", "planted_hot", "id = 303",
          "DELETE FROM blog.planted_hot WHERE id = 303", (("extra", "id=303", ""),), side="old"),
    Plant("one more on the source, unlogged", "planted_hot", "id = -303",
          "INSERT INTO blog.planted_hot VALUES (-303, 0, '')", (("missing", "id=-303", ""),), side="old"),
]


def missing_edges(offset):
    """Of four rows one is missing: of any chunk or span, wherever it ends, some begin or end with one of these."""
    numbers = [n for n in range(1, ROWS + 1) if n % 4 == offset]
    where = f"id % {4 * STEP} = {STEP * offset} AND id <= {STEP * ROWS}"
    return Plant(f"missing at {offset} of 4", "planted_edges", where, f"DELETE FROM blog.planted_edges WHERE {where}",
                 tuple(("missing", f"id={STEP * n}", "") for n in numbers))


def extra_edges(offset):
    """Of four gaps one has a row too many, before the first row and behind the last one too."""
    numbers = [n for n in range(ROWS + 1) if n % 4 == offset]
    values = ", ".join(f"({STEP * n + 5}, 'extra')" for n in numbers)
    return Plant(f"extra at {offset} of 4", "planted_edges", f"id % {STEP} = 5 AND id <= {STEP * ROWS + 5}",
                 f"INSERT INTO blog.planted_edges VALUES {values}",
                 tuple(("extra", f"id={STEP * n + 5}", "") for n in numbers))


def missing_range(first, last, side):
    """All rows of a range are gone on one side; the writers' own are there (they would come back)."""
    numbers = [n for n in range(first, last + 1) if n % 4]
    kind = {"new": "missing", "old": "extra"}[side]
    where = f"id BETWEEN {STEP * first} AND {STEP * last} AND id % {4 * STEP} <> 0"
    return Plant(f"rows {first} to {last} gone on {side}", "planted_edges", where,
                 f"DELETE FROM blog.planted_edges WHERE {where}", tuple((kind, f"id={STEP * n}", "") for n in numbers), side=side)


class Planted:
    """Differences that are there from plant() to undo(). Replication sees nothing of either."""

    def __init__(self, lab):
        self._servers = {"old": lab.old.primary, "new": lab.new.primary}
        self._undo = []

    def plant(self, *plants):
        for plant in plants:
            with self._servers[plant.side].connect() as connection, connection.cursor() as cursor:
                cursor.execute("SET sql_log_bin = 0, foreign_key_checks = 0, time_zone = '+00:00'")
                cursor.execute(plant.change)
                assert cursor.rowcount, f"{plant.name}: changes nothing"
            self.note(plant)

    def note(self, plant):
        """It has been planted by somebody else."""
        self._undo.append(plant)

    def undo(self):
        while self._undo:
            plant = self._undo.pop()
            columns = _columns(plant.table)
            self._servers[plant.side].query(
                f"SET sql_log_bin = 0; DELETE FROM blog.{plant.table} WHERE {plant.where};"
                f"INSERT INTO blog.{plant.table} ({columns}) SELECT {columns} FROM {KEEP}.{plant.table} WHERE {plant.where}")


# --- writers ---------------------------------------------------------------------------------------------------------

PACE_S = 0.002  # writers that take all there is leave the links ever further behind, and nothing to compare


class Writers:
    """Threads that write to `server` until told to stop: the same few rows most of the time, and any row now and then.

    quiet  tables that they leave alone
    """

    def __init__(self, server, threads=4, quiet=()):
        self._stop = threading.Event()
        self._quiet = quiet
        self.count = 0
        self._threads = [threading.Thread(target=self._write, args=(server, number)) for number in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, server, seed):
        chooser = random.Random(seed)
        statements = [statement for statement in _STATEMENTS if not any(f".{table} " in statement for table in self._quiet)]
        with server.connect() as connection, connection.cursor() as cursor:
            while not self._stop.wait(PACE_S):
                statement = chooser.choice(statements).format(
                    hot=2 * chooser.randrange(1, 6), even=2 * chooser.randrange(1, ROWS // 2), new=5000 + chooser.randrange(50),
                    seven=STEP * (7 + 10 * chooser.randrange(ROWS // 10)), fourth=4 * STEP * chooser.randrange(1, ROWS // 4),
                    far=STEP * ROWS + 100 + chooser.randrange(50))
                try:
                    cursor.execute(statement)
                    self.count += 1
                except pymysql.OperationalError as error:
                    assert error.args[0] in (1213, 1205), error


_STATEMENTS = [
    "UPDATE blog.planted_hot SET n = n + 1, t = UUID() WHERE id = {hot}",
    "UPDATE blog.planted_hot SET n = n + 1, t = UUID() WHERE id IN (2, 4, 6, 8)",
    "UPDATE blog.planted_hot SET n = n + 1 WHERE id = {even}",
    "REPLACE INTO blog.planted_hot VALUES ({new}, 1, 'new')",
    "DELETE FROM blog.planted_hot WHERE id = {new}",
    "UPDATE blog.planted_types SET u = UUID(), n = n + 1, seen = NOW(3) WHERE id = {seven}",
    "UPDATE blog.planted_types SET b = CONCAT(UNHEX(SHA2(UUID(), 256)), SUBSTR(b, 33)), d = RAND(), f = RAND() WHERE id = {seven}",
    "INSERT IGNORE INTO blog.planted_types (id, n, t) VALUES ({far}, 1, 'new')",
    "DELETE FROM blog.planted_types WHERE id = {far}",
    "UPDATE blog.planted_text SET v = UUID() WHERE lang = 'hot' AND slug = 'slug 0010'",
    "UPDATE blog.planted_edges SET v = LEFT(UUID(), 20) WHERE id = {fourth}",
    "INSERT IGNORE INTO blog.planted_edges VALUES ({far}, 'new')",
    "DELETE FROM blog.planted_edges WHERE id = {far}",
    "INSERT INTO blog.planted_none VALUES (60, 'new', UUID())",
    "DELETE FROM blog.planted_none WHERE a = 60",
]
