# SPDX-License-Identifier: MIT
"""`cutover verify --repair`: what differs is made the same on NEW and on its replica, by way of replication from OLD, where
nothing changes; and what cannot be repaired so is refused."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path

import jsonschema
import pytest

from tests.integration import programs
from tests.lab.lab import REPOSITORY, Lab
from tests.lab.procs import wait_until

SCHEMA = json.loads((REPOSITORY / "etc/schema/verify_repair.json").read_text())
EVERY_TYPE = """
CREATE TABLE blog.every_type (
  id INT PRIMARY KEY AUTO_INCREMENT, i BIGINT UNSIGNED, x DECIMAL(30,10), f FLOAT, d DOUBLE, bits BIT(17),
  t VARCHAR(60) CHARACTER SET utf8mb4, l VARCHAR(60) CHARACTER SET latin1, w VARCHAR(60) CHARACTER SET utf16,
  c CHAR(10), bin BINARY(6), vb VARBINARY(60), b LONGBLOB, txt LONGTEXT, e ENUM('', 'x', 'y'), s SET('p', 'q', 'r'),
  dt DATE, tm TIME(6), at DATETIME(6), ts TIMESTAMP(6) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(6), y YEAR,
  g GEOMETRY, j JSON, twice BIGINT AS (n * 2) STORED, thrice BIGINT AS (n * 3) VIRTUAL, n INT,
  hidden INT INVISIBLE DEFAULT 5, u INT UNIQUE, z INT(5) ZEROFILL, KEY (twice));
"""
ROWS = """
SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
INSERT INTO blog.every_type (id, i, x, f, d, bits, t, l, w, c, bin, vb, b, txt, e, s, dt, tm, at, ts, y, g, j, n, hidden, u, z)
VALUES
 (0, 18446744073709551615, -12345678901234567890.0123456789, 1.17549435e-38, 2.2250738585072014e-308, b'10000000000000001',
  'it''s \\\\ "quoted" \\n 日本 🐬', 'Ärger', 'ünïcödé 🐬', 'ends  ', X'00FF00', X'', X'0027225C0A1A00', REPEAT('long ', 30000),
  '', 'p,r', '2020-02-29', '-838:59:59.000000', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01.000001', 1901,
  ST_GeomFromText('POLYGON((0 0,0 1.1,1 1,0 0))'), '{"a": [1, 2.5, null, "ü"], "b": {"c": true}}', NULL, 7, 1, 42),
 (1, 0, 0, -0e0, 0.1, 0, '', '', '', '', X'', NULL, X'', '', 'x', '', '2020-02-31', '00:00:00', '0000-00-00 00:00:00', NULL,
  0, NULL, '[]', 1, 8, 2, 1),
 (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL),
 (3, 3, 3.3, 3.3333333, 3.3333333333333335, 3, 'three', 'three', 'three', 'three', 'three', 'three', 'three', 'three', 'y',
  'q', '2003-03-03', '03:03:03.3', '2003-03-03 03:03:03.33', '2003-03-03 03:03:03.33', 2003,
  ST_PointFromText('POINT(3 3)'), '"three"', 3, 3, 3, 3),
 (4, 4, 4, 4, 4, 4, 'four', '4', '4', '4', '4', '4', '4', '4', 'y', 'q', NULL, NULL, NULL, '2004-04-04', NULL, NULL, NULL, 4,
  4, 4, 4);
"""
OTHERS = """
CREATE TABLE blog.by_text (lang VARCHAR(20), slug VARCHAR(40) COLLATE utf8mb4_unicode_ci, v INT, PRIMARY KEY (lang, slug));
INSERT INTO blog.by_text VALUES ('de', 'straße', 1), ('de', 'a,b%', 2), ('', '', 3), ('fr', 'Éclair', 4), ('fr', 'x', 5);
CREATE TABLE blog.by_bits (flags BIT(10) NOT NULL, kind ENUM('zebra', 'ape') NOT NULL, at DATETIME(6) NOT NULL, v INT,
                           UNIQUE KEY (flags, kind, at));
INSERT INTO blog.by_bits VALUES (1, 'ape', '2020-01-01 00:00:00.5', 1), (1023, 'zebra', '2020-01-02', 2);
CREATE TABLE blog.parent (id INT PRIMARY KEY, v INT);
CREATE TABLE blog.child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES blog.parent (id) ON DELETE CASCADE);
INSERT INTO blog.parent VALUES (1, 1), (2, 2); INSERT INTO blog.child VALUES (1, 1), (2, 1), (3, 2);
CREATE TABLE blog.no_key (a INT, b INT); INSERT INTO blog.no_key VALUES (1, 1), (2, 2);
CREATE TABLE blog.watched (id INT PRIMARY KEY, v INT); INSERT INTO blog.watched VALUES (1, 1);
CREATE TRIGGER blog.watch BEFORE INSERT ON blog.watched FOR EACH ROW SET NEW.v = NEW.v + 1;
CREATE TABLE blog.busy (id INT PRIMARY KEY, n BIGINT NOT NULL, t VARCHAR(60));
INSERT INTO blog.busy VALUES (1, 0, 'a'), (2, 0, 'b'), (3, 0, 'c'), (4, 0, 'd'), (5, 0, 'e');
CREATE TABLE blog.many (id INT PRIMARY KEY, v VARCHAR(20));
"""
TABLES = ("every_type", "by_text", "by_bits", "parent", "child", "busy", "many")


@pytest.fixture(scope="module", params=["mariadb-10.11", "mysql"], name="lab")
def a_lab(request):
    seed = programs.build("seed_check")
    with Lab(old=request.param, new=request.param, mb=2, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query(EVERY_TYPE + ROWS + OTHERS)
        lab.old.primary.query("INSERT INTO blog.many VALUES " + ", ".join(f"({n}, 'row {n}')" for n in range(1, 1201)))
        programs.follow(lab, programs.run(seed, lab.cfg_path, "copy", "old")["position"])
        yield lab


def everywhere(lab):
    return lab.new.primary, *lab.new.replicas


@pytest.fixture(name="plant")
def planting(lab):
    """Change NEW's nodes behind replication's back; what a test leaves is put right by hand."""

    def change(do, servers=None):
        caught_up(lab)
        for server in servers or everywhere(lab):
            unlogged(server, do)

    yield change
    caught_up(lab)
    for table in (*TABLES, "no_key", "watched"):
        for server in everywhere(lab):
            copy(lab, server, table)


def unlogged(server, sql):
    server.query("SET sql_log_bin = 0, foreign_key_checks = 0, time_zone = '+00:00',"
                 " sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'; " + sql)


def columns(server, table):
    return [row["name"] for row in server.query(
        "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'blog' AND TABLE_NAME = "
        f"'{table}' AND COALESCE(GENERATION_EXPRESSION, '') = '' ORDER BY ORDINAL_POSITION")]


def rows(server, table):
    """All bytes of a table, as the server has them."""
    shown = ", ".join(f"HEX(`{name}`) AS `{name}`" for name in columns(server, table))
    exact = ", f + 0e0 AS exact, CAST(j AS CHAR) AS text" if table == "every_type" else ""
    found = server.query(f"SET time_zone = '+00:00'; SELECT {shown}{exact} FROM blog.{table}")
    return sorted((tuple(row.values()) for row in found), key=repr)


def copy(lab, server, table):
    if rows(server, table) == rows(lab.old.primary, table):
        return
    names = ", ".join(f"`{name}`" for name in columns(server, table))
    with lab.old.primary.connect() as there, there.cursor() as read:
        read.execute(f"SELECT {names} FROM blog.{table}")
        values = [tuple(row.values()) if isinstance(row, dict) else row for row in read.fetchall()]
    with server.connect() as here, here.cursor() as write:
        write.execute("SET sql_log_bin = 0, foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
        write.execute(f"DELETE FROM blog.{table}")
        for row in values:
            write.execute(f"INSERT INTO blog.{table} ({names}) VALUES ({', '.join(['%s'] * len(row))})", row)
        here.commit()


def caught_up(lab):
    programs.caught_up(lab)
    for replica in lab.new.replicas:
        replica.wait_applied(lab.new.primary.position())


def verify(lab, *arguments, table=None):
    tables = [word for name in ([table] if isinstance(table, str) else table or []) for word in ("--table", f"blog.{name}")]
    return lab.cutover("verify", *tables, *arguments)


def repair(lab, *arguments, table=None):
    done = verify(lab, "--repair", "--yes", "--json", *arguments, table=table)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, SCHEMA)
    return done, answer


def states(answer):
    return {(row["kind"], row["table"], row["key"]): row["state"] for row in answer["rows"]}


def all_links_run(lab):
    servers = (lab.old.primary, *lab.old.replicas, *everywhere(lab))
    return all(link.runs for server in servers for link in server.links())


def snapshot(lab):
    return {table: rows(lab.old.primary, table) for table in (*TABLES, "no_key", "watched")}


# --- what a plan shows --------------------------------------------------------------------------------------------------


def test_without_yes_the_plan_is_printed_and_nothing_is_written(lab, plant):
    plant("UPDATE blog.by_text SET v = 77 WHERE slug = 'x'; INSERT INTO blog.by_text VALUES ('zz', 'secret', 1)")
    done = verify(lab, "--repair", table="by_text")
    assert done.returncode == 3, done.stderr
    assert "REPLACE INTO `blog`.`by_text`" in done.stdout and "DELETE FROM `blog`.`by_text`" in done.stdout
    assert "Nothing has been written" in done.stdout and "<1 bytes, hash" in done.stdout
    assert "X'66'" not in done.stdout, "values are not shown unless somebody asks for them"
    assert "_utf8mb4 X'6672', _utf8mb4 X'78', 5)" in verify(lab, "--repair", "--show-values", table="by_text").stdout
    assert rows(lab.new.primary, "by_text") != rows(lab.old.primary, "by_text")
    assert "REPLACE" not in log_of(lab.old.primary)


def log_of(server):
    last = list(server.query("SHOW BINARY LOGS")[-1].values())[0]
    return "\n".join(str(event["Info"]) for event in server.query(f"SHOW BINLOG EVENTS IN '{last}'"))


def test_redacted_differences_have_no_values(lab, plant):
    plant("UPDATE blog.by_text SET v = 4711 WHERE slug = 'x'")
    shown, hidden = (verify(lab, *words, table="by_text").stdout for words in ((), ("--redact",)))
    assert "4711" in shown
    assert "4711" not in hidden and "4 bytes, hash " in hidden and "slug='x'" in hidden
    found, = json.loads(verify(lab, "--redact", "--json", table="by_text").stdout)["differences"]
    assert found["replica_value"].startswith("4 bytes, hash ")


# --- repairing ----------------------------------------------------------------------------------------------------------

DAMAGE = {
    "a row of every type is missing": "DELETE FROM blog.every_type WHERE id IN (0, 1, 2)",
    "every value of a row is another": (
        "UPDATE blog.every_type SET i = 1, x = 2, f = 3, d = 4, bits = 5, t = '6', l = '7', w = '8', c = '9', bin = X'AA',"
        " vb = 'b', b = 'c', txt = 'd', e = NULL, s = '', dt = NULL, tm = '1:1', at = NOW(), ts = NOW(), y = 2020, g = NULL,"
        " j = '{}', n = 5, hidden = 6, u = u + 100, z = 8 WHERE id IN (0, 3)"),
    "the last bit of a float": "UPDATE blog.every_type SET f = 3.3333335 WHERE id = 3",
    "a row too many": "INSERT INTO blog.every_type (id, t, u) VALUES (-7, 'extra', 999)",
    "a unique value sits in another row": (
        "UPDATE blog.every_type SET u = NULL WHERE id = 3; INSERT INTO blog.every_type (id, u) VALUES (70, 3)"),
    "two rows swapped their unique values": (
        "UPDATE blog.every_type SET u = -1 WHERE id = 3; UPDATE blog.every_type SET u = 3 WHERE id = 4;"
        " UPDATE blog.every_type SET u = 4 WHERE id = 3"),
    "keys of text": (
        "DELETE FROM blog.by_text WHERE v IN (1, 3); UPDATE blog.by_text SET v = 0 WHERE v = 2;"
        " UPDATE blog.by_text SET slug = 'éclair' WHERE v = 4; INSERT INTO blog.by_text VALUES ('', 'ß,%', 9)"),
    "keys of bits and enum": (
        "UPDATE blog.by_bits SET v = 0 WHERE flags = 1; DELETE FROM blog.by_bits WHERE flags = 1023;"
        " INSERT INTO blog.by_bits VALUES (512, 'ape', '2020-05-05', 3)"),
    "a parent with children that would be deleted with it": (
        "UPDATE blog.parent SET v = 7 WHERE id = 1; DELETE FROM blog.child WHERE id = 3; INSERT INTO blog.parent VALUES (9, 9)"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_rows_are_repaired_on_new_and_its_replica_and_old_stays_as_it_is(lab, plant, name):
    plant(DAMAGE[name])
    before = snapshot(lab)
    done, answer = repair(lab, table=TABLES)
    assert answer["rows"], "nothing was found to repair"
    assert set(states(answer).values()) == {"equal"}, (answer, done.stderr)
    assert done.returncode == 0, done.stderr
    assert snapshot(lab) == before, "the source changed"
    caught_up(lab)
    for server in everywhere(lab):
        for table in TABLES:
            assert rows(server, table) == before[table], (server, table)
    assert all_links_run(lab)
    assert verify(lab, table=TABLES).returncode == 0


def test_a_changed_row_of_new_alone_is_repaired_and_its_replica_goes_on(lab, plant):
    plant("UPDATE blog.busy SET t = 'wrong' WHERE id = 2", [lab.new.primary])
    done, answer = repair(lab, table="busy")
    assert set(states(answer).values()) == {"equal"}, (answer, done.stderr)
    caught_up(lab)
    assert all(rows(server, "busy") == rows(lab.old.primary, "busy") for server in everywhere(lab))


def test_a_row_that_only_the_replica_of_new_has_is_refused_and_nothing_stops(lab, plant):
    plant("DELETE FROM blog.busy WHERE id = 3; INSERT INTO blog.busy VALUES (30, 3, '')", [lab.new.primary])
    done, answer = repair(lab, table="busy")
    assert done.returncode == 3
    assert set(states(answer).values()) == {"refused"}
    assert all(lab.new.replicas[0].name in row["why"] or "replica" in row["why"] for row in answer["rows"])
    caught_up(lab)
    assert all_links_run(lab)


def test_rows_are_repaired_while_they_are_written_to(lab, plant):
    plant("UPDATE blog.busy SET t = 'wrong' WHERE id IN (1, 2); DELETE FROM blog.busy WHERE id = 3;"
          " INSERT INTO blog.busy VALUES (77, 1, 'extra')")
    stop = threading.Event()

    def write():
        with lab.old.primary.connect() as connection, connection.cursor() as cursor:
            number = 0
            while not stop.wait(0.005):
                number += 1
                cursor.execute(f"UPDATE blog.busy SET n = n + 1 WHERE id IN (4, {4 + number % 2})")
                cursor.execute(f"REPLACE INTO blog.busy VALUES (76, {number}, 'beside it')")
                cursor.execute("DELETE FROM blog.busy WHERE id = 76")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done, answer = repair(lab, table="busy")
    finally:
        stop.set()
        writer.join()
    assert set(states(answer).values()) == {"equal"}, (answer, done.stderr)
    caught_up(lab)
    assert all(rows(server, "busy") == rows(lab.old.primary, "busy") for server in everywhere(lab))
    assert all_links_run(lab)


# --- what is refused ----------------------------------------------------------------------------------------------------


def test_tables_with_triggers_or_without_a_key_are_refused(lab, plant):
    plant("UPDATE blog.watched SET v = 9; UPDATE blog.no_key SET b = 9 WHERE a = 1")
    done, answer = repair(lab, table=("watched", "no_key"))
    assert done.returncode == 3
    why = {row["table"]: row["why"] for row in answer["rows"]}
    assert "triggers" in why["blog.watched"] and "no key" in why["blog.no_key"]
    assert set(states(answer).values()) == {"refused"}
    assert rows(lab.new.primary, "watched") != rows(lab.old.primary, "watched")


def test_definitions_are_not_repaired(lab, plant):
    plant("ALTER TABLE blog.busy ADD KEY (n)")
    try:
        done, answer = repair(lab, table="busy")
        assert done.returncode == 3
        assert [row["state"] for row in answer["rows"] if row["kind"] == "schema"] == ["refused"]
    finally:
        for server in everywhere(lab):
            unlogged(server, "ALTER TABLE blog.busy DROP KEY n")


def test_too_many_differences_are_refused_unless_somebody_says_how_many(lab, plant):
    plant("UPDATE blog.many SET v = 'x'")
    done = verify(lab, "--repair", "--yes", table="many")
    assert done.returncode == 3 and "seeding NEW again" in done.stderr and "--limit 1200" in done.stderr
    done, answer = repair(lab, "--limit", "1200", table="many")
    assert answer["equal"] == 1000 and done.returncode == 3, "the rest is left for the next one"
    done, answer = repair(lab, table="many")
    assert answer["equal"] == 200 and done.returncode == 0
    assert rows(lab.new.primary, "many") == rows(lab.old.primary, "many")


def test_a_controller_that_may_not_log_statements_is_told_what_to_grant(lab, plant):
    plant("UPDATE blog.busy SET t = 'wrong' WHERE id = 2")
    user = lab.accounts["controller"].user
    host = lab.old.primary.value(f"SELECT host FROM mysql.user WHERE user = '{user}'")
    privileges = "BINLOG ADMIN, SUPER" if lab.old.primary.kind.flavour == "mariadb" else "SYSTEM_VARIABLES_ADMIN"
    unlogged(lab.old.primary, f"REVOKE {privileges} ON *.* FROM {user}@'{host}'")
    try:
        done = verify(lab, "--repair", "--yes", table="busy")
        assert done.returncode == 3 or done.returncode == 4, done
        assert ("BINLOG ADMIN" in done.stderr) and "SESSION_VARIABLES_ADMIN" in done.stderr
    finally:
        unlogged(lab.old.primary, f"GRANT {privileges} ON *.* TO {user}@'{host}'")


# --- who wrote it -------------------------------------------------------------------------------------------------------


def who(lab, table):
    done = verify(lab, "--who", "--json", table=table)
    answer = json.loads(done.stdout)
    assert len(answer["authors"]) == len(answer["differences"]), done.stderr
    return {found["key"]: author for found, author in zip(answer["differences"], answer["authors"])}


def test_a_write_on_the_closed_side_is_named_with_server_transaction_and_time(lab, plant):
    new = lab.new.primary
    caught_up(lab)
    new.query("UPDATE blog.busy SET t = 'by hand' WHERE id = 2")
    new.query("INSERT INTO blog.busy VALUES (88, 8, 'by hand')")
    new.query("DELETE FROM blog.busy WHERE id = 5")
    written = who(lab, "busy")
    server = int(new.value("SELECT @@server_id"))
    for key, verb in (("id=2", "written"), ("id=88", "written"), ("id=5", "deleted")):
        author = written[key]
        assert author["text"].startswith(f"{verb} on NEW itself (server {server}, "), author
        assert author["new"]["server_id"] == server and author["new"]["is_own"] and author["new"]["is_row"]
        assert author["new"]["transaction"] in author["text"]
    assert "who: blog.busy id=2: written on NEW itself" in verify(lab, "--who", table="busy").stdout


def test_a_write_that_no_log_has_is_said_to_be_such(lab, plant):
    caught_up(lab)
    lab.old.primary.query("UPDATE blog.busy SET n = n + 1 WHERE id = 3")
    plant("UPDATE blog.busy SET t = 'unlogged' WHERE id = 3; INSERT INTO blog.busy VALUES (99, 9, 'unlogged')")
    written = who(lab, "busy")
    assert written["id=3"]["text"].startswith("last written by a transaction that both sides have")
    assert written["id=3"]["old"]["transaction"] == written["id=3"]["new"]["transaction"]
    assert written["id=99"]["text"].startswith("not in the logs of either side")


# --- who else is there --------------------------------------------------------------------------------------------------


def test_the_journal_has_intent_and_outcome_and_no_values(lab, plant):
    plant("UPDATE blog.busy SET t = 'topsecret' WHERE id = 2")
    repair(lab, table="busy")
    with sqlite3.connect(Path(lab.cfg_path).parent / "journal.db") as journal:
        events = journal.execute("SELECT name, detail FROM event WHERE name LIKE 'repair.%' ORDER BY seq DESC LIMIT 4").fetchall()
    assert [name for name, _ in events] == ["repair.end", "repair.outcome", "repair.intent", "repair.begin"]
    outcome, = json.loads(events[1][1])["rows"]
    assert (outcome["state"], outcome["point"]) == ("equal", "2")
    assert not any("topsecret" in detail for _, detail in events)


def test_a_repair_that_is_killed_leaves_nothing_half_done(lab, plant):
    plant("UPDATE blog.many SET v = 'x' WHERE id <= 600")
    before = snapshot(lab)
    binary = programs.REPOSITORY / programs.BUILD / "cutover"
    process = subprocess.Popen([binary, "--config", str(lab.cfg_path), "verify", "--table", "blog.many", "--repair", "--yes"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: left(lab) < 590, 60, "some rows")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    caught_up(lab)
    assert 0 < left(lab) < 600, "killed too late to prove anything"
    assert snapshot(lab) == before
    assert all_links_run(lab)
    done, answer = repair(lab, table="many")
    assert done.returncode == 0 and set(states(answer).values()) == {"equal"}, done.stderr
    assert rows(lab.new.primary, "many") == before["many"]


def left(lab):
    return lab.new.primary.value("SELECT COUNT(*) FROM blog.many WHERE v = 'x'")


def test_ctrl_c_stops_between_two_rows_and_says_how_far_it_came(lab, plant):
    plant("UPDATE blog.many SET v = 'x' WHERE id <= 600")
    binary = programs.REPOSITORY / programs.BUILD / "cutover"
    process = subprocess.Popen([binary, "--config", str(lab.cfg_path), "verify", "--table", "blog.many", "--repair", "--yes"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: left(lab) < 590, 60, "some rows")
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 6, (out, errors)
    assert "not begun" in out and "not repaired" in out
    caught_up(lab)
    assert all_links_run(lab)


# --- the way back is open -----------------------------------------------------------------------------------------------


def test_in_a_mirrored_state_the_repair_does_not_come_back(lab, plant):
    programs.mirror(lab)
    plant("UPDATE blog.busy SET t = 'wrong' WHERE id IN (1, 2); DELETE FROM blog.busy WHERE id = 3;"
          " INSERT INTO blog.busy VALUES (77, 1, 'extra')")
    before = snapshot(lab)
    done, answer = repair(lab, table="busy")
    assert set(states(answer).values()) == {"equal"}, (answer, done.stderr)
    caught_up(lab)
    lab.old.primary.wait_applied(lab.new.primary.position())
    assert all_links_run(lab) and snapshot(lab) == before
    assert all(rows(server, "busy") == before["busy"] for server in everywhere(lab))


def test_where_both_sides_take_writes_somebody_has_to_say_which_is_right(lab, plant):
    plant("UPDATE blog.busy SET t = 'of NEW' WHERE id = 2")
    for server in everywhere(lab)[:1]:
        server.query("SET GLOBAL read_only = 0")
    try:
        done = verify(lab, "--repair", "--yes", table="busy")
        assert done.returncode == 3 and "--right" in done.stderr
        done, answer = repair(lab, "--right", "new", table="busy")
        assert answer["source"] == "new" and set(states(answer).values()) == {"equal"}, done.stderr
        assert lab.old.primary.value("SELECT t FROM blog.busy WHERE id = 2") == "of NEW"
        assert lab.old.replicas[0].value("SELECT t FROM blog.busy WHERE id = 2") == "of NEW"
        assert all_links_run(lab)
    finally:
        everywhere(lab)[0].query("SET GLOBAL read_only = 1")
