# SPDX-License-Identifier: MIT
"""The change log against real servers of every kind: every change is told, by a key that finds exactly its row."""

import json
import re
import subprocess
import time

import pytest

from tests.integration import programs
from tests.lab import kinds
from tests.lab.lab import Lab
from tests.lab.procs import wait_until
from tests.lab.servers import Absent

TRANSACTIONS = 400
LINGER_MS = 200

# A table for each type that a key can have: its definition, and values that are awkward.
KEYS = {
    "tinyint": ("TINYINT", "-128, -1, 0, 127"),
    "smallint": ("SMALLINT UNSIGNED", "0, 65535, 32768"),
    "mediumint": ("MEDIUMINT", "-8388608, -1, 8388607"),
    "mediumint_u": ("MEDIUMINT UNSIGNED", "16777215, 8388608"),
    "int_": ("INT", "-2147483648, -7, 2147483647"),
    "int_zero": ("INT(8) ZEROFILL", "0, 42, 4294967295"),
    "bigint_": ("BIGINT", "-9223372036854775808, -1, 9223372036854775807"),
    "bigint_u": ("BIGINT UNSIGNED", "18446744073709551615, 9223372036854775808"),
    "decimal_": ("DECIMAL(20,6)", "-12.345, 0, 12345678901234.567891, -0.000001"),
    "decimal_big": ("DECIMAL(65,30)", "-12345678901234567890123456789012345.123456789012345678901234567891, 1, -1"),
    "decimal_small": ("DECIMAL(5,5)", "-0.00001, 0.99999, 0"),
    "decimal_whole": ("DECIMAL(9)", "-999999999, 0, 10"),
    "decimal_zero": ("DECIMAL(8,2) ZEROFILL", "0, 12.5, 999999.99"),
    "char_": ("CHAR(10)", "'abc', '', ' x', 'é'"),
    "char_bin": ("CHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "'ab', 'AB', '日本語', '😀'"),
    "char_long": ("CHAR(100) CHARACTER SET utf8mb4", "'日本', REPEAT('日', 100), 'é '"),
    "char_ucs": ("CHAR(8) CHARACTER SET utf16", "'abc', '日'"),
    "varchar_": ("VARCHAR(40) CHARACTER SET latin1", "'é', 'Ü ', 'z'"),
    "varchar_long": ("VARCHAR(300) CHARACTER SET utf8mb4", "'x', REPEAT('ü', 300)"),
    "binary_": ("BINARY(16)", "X'00', X'0102', X'FF000000000000000000000000000000', X'20', X'2020'"),
    "varbinary_": ("VARBINARY(300)", "X'', X'00', X'0000', X'20', REPEAT('q', 299)"),
    "date_": ("DATE", "'2026-11-21', '1000-01-01', '9999-12-31', '0000-00-00'"),
    "datetime_": ("DATETIME", "'2026-01-02 03:04:05', '0000-00-00 00:00:00', '9999-12-31 23:59:59'"),
    "datetime_3": ("DATETIME(3)", "'2026-01-02 03:04:05.678', '2026-01-02 03:04:05.600'"),
    "datetime_6": ("DATETIME(6)", "'2026-01-02 03:04:05.678901', '1000-01-01 00:00:00.000001'"),
    "datetime_1": ("DATETIME(1)", "'2026-01-02 03:04:05.6'"),
    "timestamp_": ("TIMESTAMP NOT NULL DEFAULT '2000-01-01'", "'2026-01-02 03:04:05', '1970-01-02 00:00:01', '0000-00-00 00:00:00'"),
    "timestamp_6": ("TIMESTAMP(6) NOT NULL DEFAULT '2000-01-01'", "'2026-01-02 03:04:05.678901', '2038-01-19 03:14:07.999999'"),
    "timestamp_2": ("TIMESTAMP(2) NOT NULL DEFAULT '2000-01-01'", "'2026-01-02 03:04:05.07'"),
    "time_": ("TIME", "'-01:02:03', '01:02:03', '-838:59:59', '00:00:00', '838:59:59'"),
    "time_3": ("TIME(3)", "'-01:02:03.004', '-00:00:00.100', '12:00:00.999', '-00:00:01.000'"),
    "time_6": ("TIME(6)", "'-01:02:03.000001', '-00:00:00.999999', '00:00:00.000001'"),
    "time_1": ("TIME(1)", "'-00:00:00.1', '-10:00:00.9', '00:00:00.5'"),
    "year_": ("YEAR", "2026, 1901, 2155, 0"),
}
KEYS_MARIADB = {
    "inet6_": ("INET6", "'::1', '2001:db8::ff00:42:8329', '::ffff:192.0.2.128', 'fe80::', '1:0:0:2:0:0:0:3', '::'"),
}
KEYS_MARIADB_10_10 = {
    "uuid_": ("UUID", "'d946dcab-8205-11ee-9bdd-02fc00000001', '6ccd780c-baba-4026-9564-5b8c656024db',"
                      " '018c3e5a-9b2f-7cc0-8000-123456789abc', '00000000-0000-0000-0000-000000000000'"),
    "inet4_": ("INET4", "'127.0.0.1', '0.0.0.0', '255.255.255.255', '10.0.0.0'"),
}
# Types by number have to stand behind another column of a key.
BEHIND = {
    "bit_": ("BIT(10)", "b'1000000001', 0, 255"),
    "bit_64": ("BIT(64)", "b'1', X'FFFFFFFFFFFFFFFF'"),
    "enum_": ("ENUM('zebra','ape','cow')", "'zebra', 'cow'"),
    "enum_big": ("ENUM(" + ",".join(f"'e{i}'" for i in range(300)) + ")", "'e0', 'e299'"),
    "set_": ("SET('x','y','z')", "'x,z', '', 'y'"),
    "set_64": ("SET(" + ",".join(f"'s{i}'" for i in range(40)) + ")", "'s39', 's0,s8,s16,s32', ''"),
}
ORDINARY = {  # columns that are no keys, in the way of those that are
    "f": "FLOAT DEFAULT 0.5", "d": "DOUBLE DEFAULT -1.25", "b": "BLOB", "t": "LONGTEXT", "tb": "TINYBLOB", "j": "JSON",
    "g": "GEOMETRY", "bits": "BIT(3)", "e": "ENUM('a','b')", "s": "SET('a','b')", "y": "YEAR", "at": "DATETIME(4) NULL",
    "x": "DECIMAL(12,3)", "v": "VARCHAR(500)", "c": "CHAR(100)", "n": "INT",
}


def known_keys(kind):
    keys = dict(KEYS)
    if kind.flavour == "mariadb":
        keys |= KEYS_MARIADB
        if kind.name != "mariadb-10.5":
            keys |= KEYS_MARIADB_10_10
    return keys


class Watch:
    """A lab with one open side, and what the program says of that side's log."""

    def __init__(self, lab, program):
        self.lab = lab
        self.program = program
        self.server = lab.old.primary
        self.is_mysql = self.server.kind.flavour == "mysql"

    def run(self, since, *args, until=None, timeout=60):
        done = subprocess.run([self.program, self.lab.cfg_path, "old", since, until or self.server.position(), *args],
                              capture_output=True, text=True, timeout=timeout, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def told(self, since, *args, **options):
        """What was told since a position, without the data set's own events; it ends at the server's position."""
        lines = self.run(since, *args, **options)
        assert "position" in lines[-1], lines[-3:]
        ticks = {line["transaction"] for line in lines[:-1] if line["name"] == "event_ticks"}
        return [line for line in lines[:-1] if line["transaction"] not in ticks]

    def after(self, sql, *args, session="", **options):
        """Run statements, and what is told of them."""
        since = self.server.position()
        self.server.query(session + sql)
        return self.told(since, *args, **options)

    def changes(self, sql, *args, **options):
        """The same, without commits, as (kind, action, database.name, key) or (kind, database.name)."""
        return [brief(line) for line in self.after(sql, *args, **options) if line["kind"] != "commit"]


def text(part):
    return bytes.fromhex(part).decode("utf-8", "backslashreplace")


def brief(line):
    where = f"{line['database']}.{line['name']}"
    if line["kind"] == "row":
        return (line["action"], where, *map(text, line["key"]))
    return (line["kind"], where)


@pytest.fixture(scope="module")
def program():
    return programs.build("change_log_check")


@pytest.fixture(scope="module", params=list(kinds.KINDS))
def watch(request, program):
    try:
        kinds.find(request.param)
    except Absent as absent:
        pytest.skip(str(absent))
    with Lab(old=request.param, new=request.param, mb=2, replicas=0, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query("SET GLOBAL event_scheduler = OFF")
        yield Watch(lab, program)


@pytest.fixture
def table(watch):
    watch.server.query("DROP TABLE IF EXISTS blog.k; CREATE TABLE blog.k (id INT PRIMARY KEY, v VARCHAR(200), n INT)")
    return watch


MODES = "SET sql_mode = '', time_zone = '+05:30'; "


def make(watch, name, definition, is_behind=False):
    columns = ", ".join(f"{column} {kind}" for column, kind in ORDINARY.items())
    not_null = "" if "NOT NULL" in definition else "NOT NULL"
    first = "one INT NOT NULL, " if is_behind else ""
    watch.server.query(f"{MODES} CREATE TABLE blog.{name} ({columns}, {first} k {definition} {not_null}, "
                       f"PRIMARY KEY ({'one, ' if is_behind else ''}k))")


def wrong_keys(lines):
    return [line for line in lines if line["kind"] == "row" and not (line["rows"] == 1 and line["same"])]


@pytest.mark.parametrize("is_behind", [False, True])
def test_a_key_of_any_type_is_the_text_that_the_server_has_for_it(watch, is_behind):
    tables = BEHIND if is_behind else known_keys(watch.server.kind)
    for name, (definition, _) in tables.items():
        make(watch, name, definition, is_behind)
    since = watch.server.position()
    expected = 0
    for name, (_, values) in tables.items():
        rows = re.split(r", (?![^(]*\))", values)
        first = "1, " if is_behind else ""
        into = "one, k" if is_behind else "k"
        filler = "f, d, b, t, v, c, at, x, j, y, bits, e, s"
        filled = "0.1, 1e300, REPEAT('b', 3000), REPEAT('t', 70000), REPEAT('v', 400), 'c', NOW(4), -1.5, '[1]', 2020, 5, 'b', 'a,b'"
        watch.server.query(f"{MODES} SET NAMES utf8mb4; INSERT INTO blog.{name} ({into}, {filler}) VALUES "
                           + ", ".join(f"({first}{row}, {filled})" for row in rows))
        watch.server.query(f"{MODES} UPDATE blog.{name} SET n = 1, t = 'other'")
        expected += 2 * len(rows)
    lines = watch.told(since, "keys")
    assert not wrong_keys(lines)
    rows = [line for line in lines if line["kind"] == "row"]
    assert len(rows) == expected
    assert {line["name"] for line in rows} == set(tables)


def test_insert_update_delete_and_a_key_that_moves(table):
    assert table.changes("INSERT INTO blog.k VALUES (1, 'a', 1), (-2, 'b', 2)") == [
        ("insert", "blog.k", "1"), ("insert", "blog.k", "-2")]
    assert sorted(table.changes("UPDATE blog.k SET v = 'c'")) == [("update", "blog.k", "-2"), ("update", "blog.k", "1")]
    assert table.changes("UPDATE blog.k SET id = 5 WHERE id = 1") == [("delete", "blog.k", "1"), ("insert", "blog.k", "5")]
    assert table.changes("DELETE FROM blog.k WHERE id = 5") == [("delete", "blog.k", "5")]
    assert table.changes("REPLACE INTO blog.k VALUES (-2, 'z', 0)") in (
        [("update", "blog.k", "-2")], [("delete", "blog.k", "-2"), ("insert", "blog.k", "-2")])


def test_who_wrote_and_in_which_transaction_is_told(table):
    lines = table.after("BEGIN; INSERT INTO blog.k VALUES (1, 'a', 1); UPDATE blog.k SET n = 2; COMMIT")
    assert [line["kind"] for line in lines] == ["row", "row", "commit"]
    assert len({line["transaction"] for line in lines}) == 1
    assert all(line["own"] and line["server_id"] == 101 for line in lines)
    now_ms = float(table.server.value("SELECT UNIX_TIMESTAMP(NOW(3))")) * 1000
    assert all(now_ms - 60000 < line["at_ms"] <= now_ms + 1000 for line in lines)


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
def test_images_with_few_columns_have_the_key_at_least(table, image):
    session = f"SET SESSION binlog_row_image = '{image}'; "
    assert table.changes("INSERT INTO blog.k VALUES (1, 'a', 1)", session=session) == [("insert", "blog.k", "1")]
    assert table.changes("UPDATE blog.k SET v = 'c'", session=session) == [("update", "blog.k", "1")]
    assert table.changes("UPDATE blog.k SET id = 5 WHERE id = 1", session=session) == [
        ("delete", "blog.k", "1"), ("insert", "blog.k", "5")]
    assert table.changes("DELETE FROM blog.k", session=session) == [("delete", "blog.k", "5")]
    table.server.query("DROP TABLE IF EXISTS blog.d; "
                       "CREATE TABLE blog.d (a INT DEFAULT 7, b VARCHAR(9) DEFAULT 'x', v INT, PRIMARY KEY (a, b))")
    assert table.changes("INSERT INTO blog.d (v) VALUES (1)", session=session)[0] in (
        ("table", "blog.d"), ("insert", "blog.d", "7", "x"))
    assert table.changes("UPDATE blog.d SET b = 'y'", session=session) == [
        ("delete", "blog.d", "7", "x"), ("insert", "blog.d", "7", "y")]


def test_several_tables_in_one_statement_and_tables_of_nobody(table):
    table.server.query("DROP TABLE IF EXISTS blog.k2; CREATE TABLE blog.k2 (id INT PRIMARY KEY, n INT);"
                       "CREATE DATABASE IF NOT EXISTS elsewhere; CREATE TABLE IF NOT EXISTS elsewhere.t (id INT PRIMARY KEY);"
                       "INSERT INTO blog.k VALUES (1, 'a', 1); INSERT INTO blog.k2 VALUES (1, 1)")
    told = table.changes("UPDATE blog.k, blog.k2 SET k.n = 9, k2.n = 9 WHERE k.id = k2.id;"
                         "REPLACE INTO elsewhere.t VALUES (1);"
                         "CREATE TEMPORARY TABLE blog.tmp (id INT PRIMARY KEY); INSERT INTO blog.tmp VALUES (1);"
                         "DROP TEMPORARY TABLE blog.tmp")
    assert sorted(told) == [("update", "blog.k", "1"), ("update", "blog.k2", "1")]


def test_a_table_without_a_key_is_told_as_a_table(watch):
    watch.server.query("CREATE TABLE IF NOT EXISTS blog.keyless (a INT, b INT)")
    assert watch.changes("INSERT INTO blog.keyless VALUES (1, 1), (2, 2)") == [("table", "blog.keyless")]


def test_definitions_are_told_by_the_names_in_them(table):
    use = "USE blog; "
    statements = {
        "CREATE TABLE made (id INT PRIMARY KEY)": [("schema", "blog.made")],
        "ALTER TABLE `made` ADD COLUMN v INT": [("schema", "blog.made")],
        "CREATE INDEX `i` ON made (v)": [("schema", "blog.made")],
        "DROP INDEX i ON blog.made": [("schema", "blog.made")],
        "RENAME TABLE made TO renamed": [("schema", "blog.made"), ("schema", "blog.renamed")],
        "ALTER TABLE renamed RENAME TO blog.`odd ``name`": [("schema", "blog.renamed"), ("schema", "blog.odd `name")],
        "DROP TABLE `odd ``name`": [("schema", "blog.odd `name")],
        "CREATE TABLE /* no */ IF NOT EXISTS blog . m2 LIKE k": [("schema", "blog.m2")],
        "TRUNCATE TABLE m2": [("table", "blog.m2")],
        "CREATE TABLE m3 (id INT); CREATE TABLE m4 (id INT)": [("schema", "blog.m3"), ("schema", "blog.m4")],
        "DROP TABLE IF EXISTS blog.m2, m3, m4": [("schema", "blog.m2"), ("schema", "blog.m3"), ("schema", "blog.m4")],
        "CREATE DATABASE other_one": [("schema", "other_one.")],
        "CREATE TABLE other_one.t (id INT)": [("schema", "other_one.t")],
        "DROP DATABASE other_one": [("schema", "other_one.")],
        "CREATE DEFINER = 'root'@'localhost' TRIGGER tr BEFORE INSERT ON k FOR EACH ROW SET NEW.v = 'table x'": [
            ("schema", "blog.tr")],
        "DROP TRIGGER tr": [("schema", "blog.tr")],
        "CREATE SQL SECURITY INVOKER VIEW w AS SELECT * FROM k": [("schema", "blog.w")],
        "DROP VIEW w": [("schema", "blog.w")],
        "CREATE USER somebody@'%'; GRANT SELECT ON blog.* TO somebody@'%'; DROP USER somebody@'%'": [],
        "ANALYZE TABLE k": [],
        "FLUSH TABLES": [],
    }
    for sql, expected in statements.items():
        assert table.changes(sql, session=use) == expected, sql


def test_a_table_that_is_made_another_while_it_is_watched_is_a_change_of_definition(table):
    """The program read the shapes at its end: rows before that have fewer columns than it knows."""
    told = table.changes("INSERT INTO blog.k VALUES (1, 'a', 1); ALTER TABLE blog.k ADD COLUMN w INT;"
                         "INSERT INTO blog.k VALUES (2, 'b', 2, 2)")
    assert told == [("schema", "blog.k"), ("schema", "blog.k"), ("insert", "blog.k", "2")]


def test_rows_written_by_a_statement_are_told_as_tables_or_more(table):
    table.server.query("INSERT INTO blog.k VALUES (1, 'a', 1)")
    everything = [("table", "blog." if table.is_mysql else ".")]
    assert table.changes("UPDATE blog.k SET n = 7", session="SET SESSION binlog_format = 'STATEMENT'; ") == everything


def test_a_savepoint_that_is_rolled_back_leaves_out_nothing(table):
    told = table.changes("BEGIN; INSERT INTO blog.k VALUES (1, 'a', 1); SAVEPOINT s; INSERT INTO blog.k VALUES (2, 'a', 1);"
                         "ROLLBACK TO s; INSERT INTO blog.k VALUES (3, 'a', 1); COMMIT")
    assert {("insert", "blog.k", "1"), ("insert", "blog.k", "3")} <= set(told)


def test_what_xa_transactions_changed_is_told_when_they_are_committed(table):
    server = table.server
    with server.connect() as connection, connection.cursor() as cursor:
        since = server.position()
        cursor.execute("XA START 'one', 'branch', 7")
        cursor.execute("INSERT INTO blog.k VALUES (1, 'a', 1)")
        cursor.execute("XA END 'one', 'branch', 7")
        cursor.execute("XA PREPARE 'one', 'branch', 7")
        before = [line["kind"] for line in table.told(since)]
        assert before == ["commit"]
        prepared = server.position()
        cursor.execute("XA COMMIT 'one', 'branch', 7")
    lines = table.told(since)
    assert [line["kind"] for line in lines] == ["commit", "row", "commit"]
    assert lines[1]["key"] == [b"1".hex()] and lines[1]["transaction"] == lines[2]["transaction"]
    assert [brief(line) for line in table.told(prepared)] == [("table", "."), ("commit", ".")]
    with server.connect() as connection, connection.cursor() as cursor:
        since = server.position()
        for sql in ("XA START 'two'", "INSERT INTO blog.k VALUES (2, 'a', 1)", "XA END 'two'", "XA PREPARE 'two'",
                    "XA ROLLBACK 'two'", "XA START 'three'", "INSERT INTO blog.k VALUES (3, 'a', 1)", "XA END 'three'",
                    "XA COMMIT 'three' ONE PHASE"):
            cursor.execute(sql)
    rows = [brief(line) for line in table.told(since) if line["kind"] == "row"]
    assert rows == [("insert", "blog.k", "3")]


def test_large_transactions_come_row_by_row(table):
    numbers = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10))
    sql = (f"INSERT INTO blog.k SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n, REPEAT('x', 150), 1 FROM ({numbers}) a, "
           f"({numbers}) b, ({numbers}) c, ({numbers}) d")
    told = table.changes(sql)
    assert len(told) == 10000 and len(set(told)) == 10000
    assert len(table.changes("UPDATE blog.k SET n = n + 1")) == 10000


def test_compressed_events_and_transactions_are_read(table):
    if table.is_mysql:
        session = "SET SESSION binlog_transaction_compression = ON; "
        since = table.server.position()
        table.server.query(session + "INSERT INTO blog.k VALUES (1, REPEAT('a', 200), 1); UPDATE blog.k SET n = 2")
        told = table.told(since)
    else:
        table.server.query("SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10")
        try:
            since = table.server.position()
            table.server.query("INSERT INTO blog.k VALUES (1, REPEAT('a', 200), 1); UPDATE blog.k SET n = 2;"
                               "ALTER TABLE blog.k COMMENT 'a rather long comment, so that it is worth it, it is worth it'")
            told = table.told(since)
            assert brief(told.pop(-2)) == ("schema", "blog.k") and told.pop()["kind"] == "commit"
        finally:
            table.server.query("SET GLOBAL log_bin_compress = OFF, log_bin_compress_min_len = 256")
    assert [brief(line)[:3] for line in told if line["kind"] == "row"] == [
        ("insert", "blog.k", "1"), ("update", "blog.k", "1")]
    assert [line["kind"] for line in told] == ["row", "commit", "row", "commit"]
    log = max(table.server.folder.glob("**/bin.0*"))
    assert b"a" * 200 not in log.read_bytes()[-2000:]  # it was compressed


def test_mysql_tags_and_partial_json_are_read(table):
    if not table.is_mysql:
        pytest.skip("MySQL has them")
    lines = table.after("INSERT INTO blog.k VALUES (1, 'a', 1)", session="SET gtid_next = 'AUTOMATIC:some_tag'; ")
    assert ":some_tag:" in lines[0]["transaction"] and lines[0]["own"]
    assert ":some_tag:1" in table.server.position()
    assert table.changes("UPDATE blog.k SET n = 3") == [("update", "blog.k", "1")]  # from a set with tags on
    table.server.query("CREATE TABLE IF NOT EXISTS blog.doc (j JSON, id INT PRIMARY KEY, j2 JSON);"
                       "INSERT INTO blog.doc VALUES (JSON_OBJECT('k', REPEAT('x', 500), 'n', 100), 4, '[1]')")
    assert table.changes("UPDATE blog.doc SET j = JSON_SET(j, '$.n', 101)",
                         session="SET SESSION binlog_row_value_options = PARTIAL_JSON, binlog_row_image = MINIMAL; ") == [
        ("update", "blog.doc", "4")]


def test_mariadb_tables_with_history_old_times_and_compressed_columns(watch):
    if watch.is_mysql:
        pytest.skip("MariaDB has them")
    watch.server.query("CREATE TABLE blog.history (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;"
                       "CREATE TABLE blog.packed (v VARCHAR(1000) COMPRESSED, b BLOB COMPRESSED, id INT PRIMARY KEY);"
                       "CREATE TABLE blog.hashed (t TEXT UNIQUE, id INT PRIMARY KEY);"
                       "SET GLOBAL mysql56_temporal_format = OFF; SET time_zone = '+00:00';"
                       "CREATE TABLE blog.old_times (a TIME, b TIME(3), c DATETIME, d DATETIME(4), e TIMESTAMP(0) NOT NULL,"
                       " f TIMESTAMP(5) NOT NULL, PRIMARY KEY (a, b, c, d, e, f)); SET GLOBAL mysql56_temporal_format = ON")
    lines = watch.after("INSERT INTO blog.history VALUES (1, 1); UPDATE blog.history SET v = 2;"
                        "INSERT INTO blog.packed VALUES (REPEAT('v', 900), REPEAT('b', 900), 3);"
                        "INSERT INTO blog.hashed VALUES ('x', 4);"
                        "SET time_zone = '+00:00'; INSERT INTO blog.old_times VALUES ('-01:02:03', '-00:00:00.125',"
                        " '2026-01-02 03:04:05', '2026-01-02 03:04:05.1234', '2026-01-02 03:04:05', '2026-01-02 03:04:05.12345')",
                        "keys")
    rows = [line for line in lines if line["kind"] == "row"]
    assert {line["name"] for line in rows} == {"history", "packed", "hashed", "old_times"}
    assert not wrong_keys(rows)
    assert not [line for line in lines if line["kind"] not in ("row", "commit")]
    watch.server.query("DROP TABLE blog.history")


def test_only_what_this_server_wrote_when_asked(watch):
    """What a replica has from its source is not its own."""
    lab = watch.lab
    new = lab.new.primary
    copied = programs.run(programs.build("seed_check"), lab.cfg_path, "copy", "old")["position"]
    programs.follow(lab, copied)
    since = new.position()
    watch.server.query("CREATE TABLE IF NOT EXISTS blog.brought (id INT PRIMARY KEY); REPLACE INTO blog.brought VALUES (1)")
    new.wait_applied(watch.server.position())
    new.query(("SET GLOBAL super_read_only = 0; " if watch.is_mysql else "") + "SET GLOBAL read_only = 0;"
              "REPLACE INTO blog.brought VALUES (2)")

    def told(*args):
        done = subprocess.run([watch.program, lab.cfg_path, "new", since, new.position(), *args], capture_output=True,
                              text=True, timeout=60, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {(brief(line)[2], line["own"]) for line in lines if line.get("kind") == "row" and line["name"] == "brought"}
    assert told() == {("1", False), ("2", True)}
    assert told("own") == {("2", True)}


def test_an_account_that_may_not_read_the_log_is_told_what_it_needs(watch):
    def edit(settings):
        settings["accounts"]["replication"] = settings["accounts"]["monitor"]
    cfg = watch.lab.config.variant("no-privilege", edit)
    position = watch.server.position()
    done = subprocess.run([watch.program, cfg, "old", position, position], capture_output=True, text=True, timeout=60, check=False)
    line = json.loads(done.stdout.splitlines()[-1])
    assert (line["code"], line["native"]) == ("server", 1227), line
    assert "REPLICATION SLAVE" in line["hint"]


def insert(table, number):
    table.server.query(f"INSERT INTO blog.k VALUES ({number}, 'a', 1)")
    return ("insert", "blog.k", str(number))


@pytest.fixture
def left(table):
    """A log that was read to its end, where that is, and what was written since."""
    if not table.is_mysql:
        pytest.skip("MariaDB is asked by position only")
    since = table.server.position()
    insert(table, 1)
    table.place = table.run(since)[-1]["place"]
    table.since = table.server.position()
    table.written = [insert(table, 2), insert(table, 3)]

    def told(place, since=table.since):
        return [brief(line) for line in table.told(since, f"at={place}") if line["kind"] != "commit"]
    table.told_from = told
    return table


def test_mysql_is_asked_for_the_place_where_its_log_was_left(left):
    file, _, offset = left.place.split(":")
    left.server.query("SET GLOBAL log_output = 'TABLE', general_log = ON")
    try:
        assert left.told_from(left.place) == left.written
    finally:
        left.server.query("SET GLOBAL general_log = OFF")
    asked = left.server.value("SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log "
                              "WHERE command_type LIKE 'Binlog Dump%' ORDER BY event_time DESC LIMIT 1")
    assert f"Log: '{file}' Pos: {offset} " in asked
    left.server.query("FLUSH BINARY LOGS")
    left.written.append(insert(left, 4))
    assert left.told_from(left.place) == left.written  # and on through the files behind it
    assert left.told_from(left.place, left.server.position()) == []  # what is known is left out all the same


def test_a_place_that_is_not_true_any_more_costs_nothing_but_the_search(left):
    file, born, _ = left.place.split(":")
    end = left.server.query("SHOW BINARY LOGS")[-1]["File_size"]
    assert left.told_from(f"{file}:{int(born) - 1}:{end}") == left.written  # another file of that name
    assert left.told_from(f"{file}:{born}:{int(end) + 1000000}") == left.written  # cut short since
    left.server.query("FLUSH BINARY LOGS")
    since = left.server.position()
    last = left.server.query("SHOW BINARY LOGS")[-1]["Log_name"]

    def is_purged():
        left.server.query(f"PURGE BINARY LOGS TO '{last}'")
        return left.server.query("SHOW BINARY LOGS")[0]["Log_name"] == last
    wait_until(is_purged, 30, "the file that the place is in is purged")
    assert left.told_from(left.place, since) == []
    written = [insert(left, 5)]
    assert left.told_from(left.place, since) == written


def followed(table, linger_ms, count=TRANSACTIONS):
    """What is told, to somebody who is there when it happens, of so many inserts; how often that woke somebody, in what time."""
    table.server.query("DELETE FROM blog.k")
    since = table.server.position()
    number = re.search(r"(?<=:1-)\d+|\d+$", since)  # MySQL: uuid:1-17, and tags behind it perhaps; MariaDB: 0-1-17
    until = since[:number.start()] + str(int(number.group()) + count) + since[number.end():]
    with subprocess.Popen([table.program, table.lab.cfg_path, "old", since, until, f"linger={linger_ms}"], text=True,
                          stdout=subprocess.PIPE) as follower:
        dumps = "SELECT 1 FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%%'"
        wait_until(lambda: table.server.query(dumps), 20, "somebody to follow")
        began_s = time.monotonic()
        with table.server.connect() as connection, connection.cursor() as cursor:
            for i in range(count):
                cursor.execute("INSERT INTO blog.k (id) VALUES (%s)", (i,))
        assert table.server.position() == until
        lines = [json.loads(line) for line in follower.communicate(timeout=60)[0].splitlines()]
    told = [brief(line) for line in lines[:-1] if line["kind"] != "commit"]
    return told, lines[-1]["wakes"], time.monotonic() - began_s


def test_who_lingers_is_told_the_same_and_woken_by_time_not_by_transactions(table):
    _, to_begin, _ = followed(table, LINGER_MS, 1)
    at_once, often, _ = followed(table, 0)
    together, seldom, took_s = followed(table, LINGER_MS)
    assert together == at_once and len(together) == TRANSACTIONS
    most = 2 * to_begin + 8 * took_s * 1000 / LINGER_MS  # both threads; the caller looks for a stop every 100 ms as well
    assert seldom < most, (to_begin, often, seldom, took_s)


def test_a_log_that_is_gone_is_refused_by_name(table):
    server = table.server
    since = server.position()
    for n in range(3):
        server.query(f"INSERT INTO blog.k VALUES ({n}, 'a', 1); FLUSH BINARY LOGS")

    def first():
        return server.query("SHOW BINARY LOGS")[0]["Log_name"]

    def purge():
        last = server.query("SHOW BINARY LOGS")[-1]["Log_name"]
        server.query(f"PURGE BINARY LOGS TO '{last}'")
        return first() == last
    wait_until(purge, 30, "the old logs are purged")
    lines = table.run(since)
    assert lines[-1]["code"] == "refused" and lines[-1]["native"] == 1236, lines
    assert "after " in lines[-1]["error"] and "purged" in lines[-1]["error"]


def test_a_server_that_goes_away_is_lost(table):
    beyond = table.server.position().rsplit("-" if not table.is_mysql else ":", 1)[0]
    far = f"{beyond}-999999" if not table.is_mysql else f"{beyond}:1-999999"
    reader = subprocess.Popen([table.program, table.lab.cfg_path, "old", table.server.position(), far], text=True,
                              stdout=subprocess.PIPE)
    table.server.query("INSERT INTO blog.k VALUES (1, 'a', 1)")
    assert json.loads(reader.stdout.readline())["key"] == [b"1".hex()]
    table.server.restart()
    rest = reader.communicate(timeout=60)[0].splitlines()
    assert json.loads(rest[-1])["code"] == "lost", rest
    assert reader.returncode == 1
    assert table.changes("INSERT INTO blog.k VALUES (2, 'a', 1)") == [("insert", "blog.k", "2")]
