# SPDX-License-Identifier: MIT
"""verify_run() against real servers: no false difference under load, and every true one found and named."""

import random
import threading

import pymysql
import pytest

from tests.integration import programs
from tests.lab.lab import Lab

TABLES = """
CREATE TABLE blog.plain (id INT PRIMARY KEY, n INT, t VARCHAR(40), u VARCHAR(40), f FLOAT, d DOUBLE, b BLOB,
                         bits BIT(12), g GEOMETRY, j JSON, e ENUM('x','y','z'), x DECIMAL(20,6), at TIMESTAMP(6) NULL,
                         twice INT AS (n * 2) VIRTUAL);
CREATE TABLE blog.text_key (lang VARCHAR(20) COLLATE utf8mb4_general_ci, slug VARCHAR(40) COLLATE utf8mb4_unicode_ci,
                            part SMALLINT, v VARCHAR(40), PRIMARY KEY (lang, slug, part));
CREATE TABLE blog.latin_key (name VARCHAR(40) CHARACTER SET latin1 PRIMARY KEY, v INT);
CREATE TABLE blog.bytes_key (id VARBINARY(20) PRIMARY KEY, v INT);
CREATE TABLE blog.mixed_key (kind ENUM('zebra','ape','cow') NOT NULL, flags BIT(10) NOT NULL, amount DECIMAL(12,4) NOT NULL,
                             at DATETIME(6) NOT NULL, v INT, UNIQUE KEY (flags, kind, amount, at));
CREATE TABLE blog.no_key (a INT, b VARCHAR(40), c VARCHAR(40));
CREATE TABLE blog.hot (id INT PRIMARY KEY, n BIGINT NOT NULL, t VARCHAR(60));
"""
NUMBERS = ("CREATE TEMPORARY TABLE blog_seq (seq INT NOT NULL PRIMARY KEY); INSERT INTO blog_seq VALUES "
           + ", ".join(f"({number})" for number in range(1, 3001)) + ";")
ROWS = """
INSERT INTO blog.plain (id, n, t, u, f, d, b, bits, g, j, e, x, at)
  SELECT seq, seq % 97, CONCAT('text ', seq), 'y', seq / 7, seq / 7, UNHEX(SHA2(seq, 256)), seq % 4096,
         ST_PointFromText(CONCAT('POINT(', seq, ' 1)')), JSON_OBJECT('k', seq), 1 + seq % 3, seq / 9,
         FROM_UNIXTIME(1000000 + seq) FROM blog_seq;
INSERT INTO blog.text_key SELECT ELT(1 + seq % 5, 'de', 'Ärger', 'fr', 'straße', '日本'), CONCAT('slug ', seq DIV 5), seq % 3,
         CONCAT('value ', seq) FROM blog_seq;
INSERT INTO blog.latin_key SELECT CONCAT(ELT(1 + seq % 4, 'é', 'E', 'z', 'Ü'), seq), seq FROM blog_seq;
INSERT INTO blog.bytes_key SELECT UNHEX(LPAD(HEX(seq * 7919 % 65536), 4, '0')), seq FROM blog_seq;
INSERT INTO blog.mixed_key SELECT 1 + seq % 3, seq % 1024, seq / 16, TIMESTAMPADD(MICROSECOND, seq * 1234567, '2020-02-29'), seq
         FROM blog_seq;
INSERT INTO blog.no_key SELECT seq % 50, CONCAT('b', seq % 40), IF(seq % 3, 'c', NULL) FROM blog_seq;
INSERT INTO blog.hot SELECT seq, 0, 'warm' FROM blog_seq;
"""


@pytest.fixture(scope="module")
def verify():
    program = programs.build("verify_check")
    return lambda lab, *args, **options: programs.run(program, lab.cfg_path, *(args or ["old"]), **options)


@pytest.fixture(scope="module")
def lab():
    seed = programs.build("seed_check")
    with Lab(mb=2, replicas=0, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query("USE blog;" + NUMBERS + TABLES + ROWS)
        programs.follow(lab, programs.run(seed, lab.cfg_path, "copy", "old")["position"])
        yield lab


@pytest.fixture
def unlogged(lab):
    """Change NEW behind replication's back; undone afterwards by the statements given for it."""
    undo = []

    def change(do, back):
        # what is still under way was written for tables as they were
        lab.new.primary.wait_applied(lab.old.primary.position())
        with lab.new.primary.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0, foreign_key_checks = 0, time_zone = '+00:00'")
            cursor.execute(do)
            assert cursor.rowcount != 0 or do.startswith("ALTER"), f"changes nothing: {do}"
        undo.append(back)

    yield change
    for back in reversed(undo):
        lab.new.primary.query("SET sql_log_bin = 0, foreign_key_checks = 0, time_zone = '+00:00'; " + back)


def found(outcome):
    return sorted((d["kind"], d["table"], d["key"], d["column"]) for d in outcome["differences"])


def test_equal_sides_have_no_difference(lab, verify):
    done = verify(lab, "old", "chunk=300")
    assert done["differences"] == []
    assert done["rechecked"] == 0  # the two versions send the same bytes for the same rows
    assert done["rows"] > 20000
    assert done["tables"]["blog.plain"]["rows"] == 3000
    assert any("no_key" in warning for warning in done["warnings"])


# What is done to NEW, how it is undone, and what must be said about it.
PLANTED = {
    "the same change in two rows": (
        "UPDATE blog.plain SET n = n + 1 WHERE id IN (5, 2500)", "UPDATE blog.plain SET n = n - 1 WHERE id IN (5, 2500)",
        [("changed", "blog.plain", "id=2500", "n"), ("changed", "blog.plain", "id=5", "n")]),
    "values of two rows swapped": (
        "UPDATE blog.plain SET t = IF(id = 10, 'text 11', 'text 10') WHERE id IN (10, 11)",
        "UPDATE blog.plain SET t = CONCAT('text ', id) WHERE id IN (10, 11)",
        [("changed", "blog.plain", "id=10", "t"), ("changed", "blog.plain", "id=11", "t")]),
    "NULL is not an empty text": (
        "UPDATE blog.no_key SET c = '' WHERE a = 0 AND b = 'b0' AND c IS NULL LIMIT 1",
        "UPDATE blog.no_key SET c = NULL WHERE c = ''", [("changed", "blog.no_key", "a=0, b='b0', c=NULL", "c")]),
    "a border between two values moved": (
        "UPDATE blog.plain SET t = 'text 7', u = '#y' WHERE id = 7",
        "UPDATE blog.plain SET t = 'text 7', u = 'y' WHERE id = 7", [("changed", "blog.plain", "id=7", "u")]),
    "last bits of a float": (
        "UPDATE blog.plain SET f = CAST(f AS DOUBLE) * 1.0000002 WHERE id = 77", "UPDATE blog.plain SET f = 11 WHERE id = 77",
        [("changed", "blog.plain", "id=77", "f")]),
    "trailing blanks": (
        "UPDATE blog.text_key SET v = CONCAT(v, ' ') WHERE lang = 'fr' AND slug = 'slug 3'",
        "UPDATE blog.text_key SET v = TRIM(v) WHERE lang = 'fr' AND slug = 'slug 3'",
        [("changed", "blog.text_key", "lang='fr', slug='slug 3', part=2", "v")]),
    "case only": (
        "UPDATE blog.plain SET t = UPPER(t) WHERE id = 3000", "UPDATE blog.plain SET t = LOWER(t) WHERE id = 3000",
        [("changed", "blog.plain", "id=3000", "t")]),
    "a row is missing": (
        "DELETE FROM blog.latin_key WHERE v = 1", "INSERT INTO blog.latin_key VALUES ('E1', 1)",
        [("missing", "blog.latin_key", "name='E1'", "")]),
    "the last row is missing": (
        "DELETE FROM blog.hot WHERE id = 3000", "INSERT INTO blog.hot VALUES (3000, 0, 'warm')",
        [("missing", "blog.hot", "id=3000", "")]),
    "a row too many at the end": (
        "INSERT INTO blog.hot VALUES (90000, 0, '')", "DELETE FROM blog.hot WHERE id = 90000",
        [("extra", "blog.hot", "id=90000", "")]),
    "a row too many before the first": (
        "INSERT INTO blog.hot VALUES (-5, 0, '')", "DELETE FROM blog.hot WHERE id = -5",
        [("extra", "blog.hot", "id=-5", "")]),
    "a byte of a blob": (
        "UPDATE blog.plain SET b = INSERT(b, 20, 1, CHAR(0)) WHERE id = 1500",
        "UPDATE blog.plain SET b = UNHEX(SHA2(1500, 256)) WHERE id = 1500", [("changed", "blog.plain", "id=1500", "b")]),
    "one bit": (
        "UPDATE blog.plain SET bits = bits ^ 1 WHERE id = 9", "UPDATE blog.plain SET bits = bits ^ 1 WHERE id = 9",
        [("changed", "blog.plain", "id=9", "bits")]),
    "a point on the map": (
        "UPDATE blog.plain SET g = ST_PointFromText('POINT(9 2)') WHERE id = 9",
        "UPDATE blog.plain SET g = ST_PointFromText('POINT(9 1)') WHERE id = 9", [("changed", "blog.plain", "id=9", "g")]),
    "a microsecond": (
        "UPDATE blog.plain SET at = at + INTERVAL 1 MICROSECOND WHERE id = 8",
        "UPDATE blog.plain SET at = at - INTERVAL 1 MICROSECOND WHERE id = 8", [("changed", "blog.plain", "id=8", "at")]),
    "in a composite key of text": (
        "UPDATE blog.text_key SET v = 'other' WHERE lang = 'straße' AND slug = 'slug 4' AND part = 2",
        "UPDATE blog.text_key SET v = 'value 23' WHERE lang = 'straße' AND slug = 'slug 4' AND part = 2",
        [("changed", "blog.text_key", "lang='straße', slug='slug 4', part=2", "v")]),
    "in a key of bytes": (
        "UPDATE blog.bytes_key SET v = 0 WHERE v = 2", "UPDATE blog.bytes_key SET v = 2 WHERE v = 0",
        [("changed", "blog.bytes_key", "id=0x3DDE", "v")]),
    "in a key of enum, bits, decimal and time": (
        "UPDATE blog.mixed_key SET v = 0 WHERE v = 17", "UPDATE blog.mixed_key SET v = 17 WHERE v = 0",
        [("changed", "blog.mixed_key", "flags=0x0011, kind='cow', amount=1.0625, at='2020-02-29 00:00:20.987639'", "v")]),
    "a row of a table without a key": (
        "UPDATE blog.no_key SET b = 'planted' WHERE a = 7 AND b = 'b7' LIMIT 1",
        "UPDATE blog.no_key SET b = 'b7' WHERE b = 'planted'", None),
    "a double row of a table without a key": (
        "INSERT INTO blog.no_key VALUES (7, 'b7', 'c')", "DELETE FROM blog.no_key WHERE a = 7 AND b = 'b7' AND c = 'c' LIMIT 1",
        [("extra", "blog.no_key", "a=7, b='b7', c='c'", "")]),
    "a column that is wider": (
        "ALTER TABLE blog.latin_key MODIFY v BIGINT", "ALTER TABLE blog.latin_key MODIFY v INT",
        [("schema", "blog.latin_key", "", "type of v")]),
    "another collation": (
        "ALTER TABLE blog.plain MODIFY u VARCHAR(40) COLLATE utf8mb4_bin",
        "ALTER TABLE blog.plain MODIFY u VARCHAR(40) COLLATE utf8mb4_unicode_ci",
        [("schema", "blog.plain", "", "character set of u")]),
    "an index that is missing": (
        "ALTER TABLE blog.posts DROP KEY token", "ALTER TABLE blog.posts ADD KEY (token)",
        [("schema", "blog.posts", "", "index token")]),
    "a table that is missing": (
        "ALTER TABLE blog.bytes_key RENAME blog.elsewhere", "ALTER TABLE blog.elsewhere RENAME blog.bytes_key",
        [("schema", "blog.bytes_key", "", "table"), ("schema", "blog.elsewhere", "", "table")]),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_is_found_and_named(lab, verify, unlogged, name):
    do, back, expected = PLANTED[name]
    unlogged(do, back)
    outcome = verify(lab, "old", "chunk=700")
    if expected is None:
        assert [(d["kind"], d["table"], d["column"]) for d in outcome["differences"]] == [("changed", "blog.no_key", "b")]
    elif "collation" in name:
        assert [d["column"] for d in outcome["differences"]] in (["collation of u"], ["character set of u"])
    else:
        assert found(outcome) == sorted(expected)
    assert all(d["source"] != d["replica"] for d in outcome["differences"] if d["kind"] in ("changed", "schema"))


def test_the_values_of_a_difference_are_shown(lab, verify, unlogged):
    unlogged("UPDATE blog.plain SET t = 'now' WHERE id = 4", "UPDATE blog.plain SET t = 'text 4' WHERE id = 4")
    difference, = verify(lab, "old", "table=blog.plain")["differences"]
    assert (difference["source"], difference["replica"]) == ("'text 4'", "'now'")


def test_the_last_rows_alone_can_be_compared(lab, verify, unlogged):
    unlogged("UPDATE blog.hot SET t = 'cold' WHERE id IN (2, 2999)", "UPDATE blog.hot SET t = 'warm' WHERE id IN (2, 2999)")
    programs.caught_up(lab)
    outcome = verify(lab, "old", "tail=100", "still")
    assert found(outcome) == [("changed", "blog.hot", "id=2999", "t")]


def test_an_unknown_table_is_refused(lab, verify):
    outcome = verify(lab, "old", "table=blog.nonsense")
    assert outcome.returncode == 1 and outcome["code"] == "refused"


PACE_S = 0.002  # writers that take all there is leave the links ever further behind, and nothing to compare


class Writers:
    """Threads that write to `server` until they are told to stop: nearly always the same few rows."""

    def __init__(self, server, threads=4, first_id=1):
        self._stop = threading.Event()
        self.count = 0
        self._threads = [threading.Thread(target=self._write, args=(server, number, first_id)) for number in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, server, number, first_id):
        chooser = random.Random(number)
        statements = [
            "UPDATE blog.hot SET n = n + 1, t = UUID() WHERE id = {hot}",
            "UPDATE blog.hot SET n = n + 1 WHERE id BETWEEN {hot} AND {hot} + 3",
            "REPLACE INTO blog.hot VALUES ({new}, 1, 'new')",
            "DELETE FROM blog.hot WHERE id = {new}",
            "UPDATE blog.text_key SET v = UUID() WHERE lang = '{lang}' AND part = 1 LIMIT 2",
        ]
        with server.connect() as connection, connection.cursor() as cursor:
            while not self._stop.wait(PACE_S):
                statement = chooser.choice(statements).format(hot=first_id + chooser.randrange(5),
                                                              lang="fr" if first_id < 300 else "de",
                                                              new=100000 + 50 * first_id + chooser.randrange(50))
                try:
                    cursor.execute(statement)
                    self.count += 1
                except pymysql.OperationalError as error:
                    assert error.args[0] in (1213, 1205), error


def test_no_false_difference_while_a_few_rows_are_hot(lab, verify):
    rechecked = 0
    with Writers(lab.old.primary) as writers:
        for _ in range(8):
            outcome = verify(lab, "old", "chunk=500", "workers=2")
            assert outcome["differences"] == []
            rechecked += outcome["rechecked"]
    assert writers.count > 500
    assert rechecked > 0, "the writers never got in the way, so this proves nothing"


def test_a_difference_is_found_while_the_rows_around_it_are_hot(lab, verify, unlogged):
    unlogged("UPDATE blog.hot SET t = 'lost' WHERE id = 20", "UPDATE blog.hot SET t = 'warm' WHERE id = 20")
    with Writers(lab.old.primary):
        for _ in range(3):
            assert found(verify(lab, "old", "chunk=500")) == [("changed", "blog.hot", "id=20", "t")]


def test_rows_are_compared_although_columns_stand_elsewhere_or_have_another_character_set(lab, verify, unlogged):
    unlogged("ALTER TABLE blog.hot MODIFY t VARCHAR(60) AFTER id", "ALTER TABLE blog.hot MODIFY t VARCHAR(60) AFTER n")
    unlogged("ALTER TABLE blog.plain MODIFY t VARCHAR(40) CHARACTER SET latin1",
             "ALTER TABLE blog.plain MODIFY t VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    outcome = verify(lab, "old", "chunk=500")
    shapes = found(outcome)
    assert {(kind, table) for kind, table, _, _ in shapes} == {("schema", "blog.hot"), ("schema", "blog.plain")}, shapes
    assert outcome["tables"]["blog.plain"]["rows"] == 3000 and outcome["tables"]["blog.hot"]["rows"] >= 3000
    unlogged("UPDATE blog.hot SET t = 'lost' WHERE id = 2000", "UPDATE blog.hot SET t = 'warm' WHERE id = 2000")
    unlogged("UPDATE blog.plain SET t = 'text x' WHERE id = 30", "UPDATE blog.plain SET t = 'text 30' WHERE id = 30")
    rows = sorted(set(found(verify(lab, "old", "chunk=500"))) - set(shapes))
    assert rows == [("changed", "blog.hot", "id=2000", "t"), ("changed", "blog.plain", "id=30", "t")], rows


def test_a_stopped_link_is_an_error_and_not_a_difference(lab, verify):
    programs.say(lab.new.primary, "stop", channel="cutover_forward")
    try:
        lab.old.primary.query("UPDATE blog.hot SET n = n + 1 WHERE id = 1")
        outcome = verify(lab)
        assert outcome.returncode == 1 and outcome["code"] == "server"
        assert "cutover_forward" in outcome.progress
    finally:
        programs.say(lab.new.primary, "start", channel="cutover_forward")
    programs.caught_up(lab)


def test_no_false_difference_while_both_sides_are_written(lab, verify):
    programs.mirror(lab)
    lab.new.primary.query("SET GLOBAL read_only = 0")
    try:
        with Writers(lab.old.primary, threads=2, first_id=100), Writers(lab.new.primary, threads=2, first_id=500):
            for _ in range(4):
                assert verify(lab, "old", "chunk=500", timeout=300)["differences"] == []
    finally:
        lab.new.primary.query("SET GLOBAL read_only = 1")
