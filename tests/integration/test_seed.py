# SPDX-License-Identifier: MIT
"""seed_copy() and seed_wipe() against real servers: exact at one position while the source is written to."""

import json
import signal
import subprocess
import threading
import time

import pytest

from tests.integration import programs
from tests.lab.lab import Lab
from tests.lab.procs import wait_until

# Everything that a copy by way of text can damage.
ODD = r"""
USE blog;
CREATE TABLE `odd ``name` (`a``b.c` INT PRIMARY KEY, `größe` VARCHAR(20), t VARCHAR(60), l VARCHAR(60) CHARACTER SET latin1,
  u VARCHAR(60) CHARACTER SET utf16, r VARBINARY(300), bits BIT(64), f FLOAT, d DOUBLE, x DECIMAL(65,30), g GEOMETRY,
  y YEAR, z DATE, ts TIMESTAMP(6) NULL, tm TIME(6), i INET6, e ENUM('','a''b','é☕'), s SET('a','b','é'), j JSON,
  v VARCHAR(80) AS (CONCAT(t, '!')) VIRTUAL, p INT AS (`a``b.c` * 2) PERSISTENT);
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
INSERT INTO `odd ``name` (`a``b.c`, `größe`, t, l, u, r, bits, f, d, x, g, y, z, ts, tm, i, e, s, j) VALUES
 (1, 'x', 'it''s \\ "q" \n\r\Z ☕', 'é\\', 'ü☕', X'00270A0D5C1A22FF', b'1000000000000000000000000000000000000000000000000000000000000001',
  1.17549435e-38, 4.9e-324, '-12345678901234567890123456789012345.123456789012345678901234567891', POINT(1.5, -2), 2155, '0000-00-00',
  '1970-01-01 00:00:01', '-838:59:59.999999', '2001:db8::1', 'é☕', 'a,é', '{"a": "\\u0000"}'),
 (2, NULL, '', '', '', '', 0, 3.4028234e38, 1.7976931348623157e308, 0, NULL, 0, '2024-02-29', NULL, '00:00:00.000001', '::', '', '', '[]'),
 (3, NULL, NULL, NULL, NULL, NULL, NULL, 0.1, 0.1, NULL, NULL, NULL, NULL, '2038-01-19 03:14:07.999999', NULL, NULL, NULL, NULL, NULL),
 (-2147483648, 'a ', 'trailing  ', 'b ', 'c ', X'2020', 255, 16777217, 123456789012345680000, 1e-30, NULL, 1901, NULL, NULL, NULL,
  '::ffff:1.2.3.4', 'a''b', '', '"text"');
CREATE TABLE zero (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT) AUTO_INCREMENT = 5000;
INSERT INTO zero VALUES (0, 'zero');
CREATE TABLE nothing (id INT PRIMARY KEY);
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
PROGRAMS = """
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


@pytest.fixture(scope="module")
def seed():
    program = programs.build("seed_check")
    return lambda lab, *args, cfg=None, **options: programs.run(program, cfg or lab.cfg_path, *args, **options)


@pytest.fixture(scope="module")
def verify():
    program = programs.build("verify_check")
    return lambda lab, *args, **options: programs.run(program, lab.cfg_path, *(args or ["old"]), **options)


@pytest.fixture(scope="module")
def lab():
    with Lab(mb=60, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query(ODD)
        lab.old.wait_replicas()
        yield lab


@pytest.fixture
def clean(lab):
    """NEW as it was delivered: no databases, no link."""
    yield
    lab.new.primary.query("STOP ALL SLAVES; RESET SLAVE 'cutover_forward' ALL" if has_link(lab) else "SELECT 1")
    for server in lab.new.nodes:
        server.query("SET sql_log_bin = 0; DROP DATABASE IF EXISTS blog")
        server.query("STOP ALL SLAVES; RESET MASTER; SET GLOBAL gtid_slave_pos = ''")
    for replica in lab.new.replicas:
        replica.query("START SLAVE")


def has_link(lab):
    return any(row["Connection_name"] == "cutover_forward" for row in lab.new.primary.query("SHOW ALL SLAVES STATUS"))


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
            while not self._stop.is_set():
                cursor.execute("UPDATE blog.comments SET karma = karma + 1 WHERE id = %s", (1 + self.count % 3,))
                cursor.execute("UPDATE blog.articles SET score = score - 1 WHERE id = %s", (1 + self.count % 3,))
                cursor.execute("INSERT INTO blog.zero (t) VALUES (UUID())")
                connection.commit()
                self.count += 1


def test_a_seed_under_load_is_exact_at_its_position(lab, seed, verify, clean):
    with Writer(lab.old.primary) as writer:
        wait_until(lambda: writer.count > 50, 10, "the writer")
        done = seed(lab, "copy", "old")
        before = writer.count
        programs.follow(lab, done["position"])
        outcome = verify(lab)
    assert outcome["differences"] == []
    assert before > 100, "the writer stood still, so this proves nothing"
    assert done["barrier_ms"] < 1000
    assert "eta" in done.progress
    programs.caught_up(lab)
    lab.new.wait_replicas()
    for server in lab.new.nodes:
        for table in ("odd ``name", "zero", "articles", "comments", "media"):
            checksum = f"CHECKSUM TABLE blog.`{table}`"
            assert server.query(checksum) == lab.old.primary.query(checksum), table


def test_programs_keep_everything_but_that_events_wait(lab, seed, clean):
    assert seed(lab, "copy", "old").returncode == 0
    expected = lab.old.primary.query(PROGRAMS)
    assert len(expected) >= 9
    for server in lab.new.nodes:
        assert server.query(PROGRAMS) == expected
        status = {row["EVENT_NAME"]: row["STATUS"] for row in server.query(
            "SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'blog'")}
        assert status == {"tick": "SLAVESIDE_DISABLED", "ENABLE it": "SLAVESIDE_DISABLED", "idle": "DISABLED"}
        for table in ("zero", "articles", "signups"):
            counter = f"SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_NAME = '{table}'"
            assert server.value(counter) == lab.old.primary.value(counter)


def test_a_seed_leaves_no_trace_in_the_binary_logs_of_the_targets(lab, seed, clean):
    before = [server.value("SELECT @@gtid_binlog_state") for server in lab.new.nodes]
    assert seed(lab, "copy", "old").returncode == 0
    assert [server.value("SELECT @@gtid_binlog_state") for server in lab.new.nodes] == before


def test_a_target_that_holds_the_database_is_refused(lab, seed, clean):
    lab.new.replicas[0].query("SET sql_log_bin = 0; CREATE DATABASE blog")
    outcome = seed(lab, "copy", "old")
    assert (outcome["code"], outcome["effect"]) == ("refused", "none")
    assert str(lab.new.replicas[0].port) in outcome["error"]
    assert lab.new.primary.query("SHOW DATABASES LIKE 'blog'") == []


def test_a_table_without_transactions_is_refused_by_name(lab, seed, clean):
    lab.old.primary.query("CREATE TABLE blog.old_style (a INT) ENGINE = Aria")
    try:
        outcome = seed(lab, "copy", "old")
        assert outcome["code"] == "refused" and "blog.old_style (Aria)" in outcome["error"]
    finally:
        lab.old.primary.query("DROP TABLE blog.old_style")


def test_missing_accounts_are_refused_by_name_before_anything_is_copied(lab, seed, clean):
    for server in lab.old.nodes:
        server.query("SET sql_log_bin = 0; CREATE USER 'editor'@'10.%' IDENTIFIED BY 'secret-of-the-editor';"
                     " GRANT SELECT ON blog.* TO 'editor'@'10.%'")
    try:
        outcome = seed(lab, "copy", "old")
        assert (outcome["code"], outcome["effect"]) == ("refused", "none")
        assert "'editor'@'10.%'" in outcome["error"]
        assert lab.new.primary.query("SHOW DATABASES LIKE 'blog'") == []
        for server in lab.new.nodes:
            server.query("SET sql_log_bin = 0; GRANT CREATE USER, GRANT OPTION ON *.* TO 'cutover'@'127.0.0.1'")
        assert seed(lab, "copy", "old").returncode == 0
        for server in lab.new.nodes:
            shown = "SHOW GRANTS FOR 'editor'@'10.%'"
            assert list(map(str, server.query(shown))) == list(map(str, lab.old.primary.query(shown)))
    finally:
        for server in lab.new.nodes:
            server.query("SET sql_log_bin = 0; REVOKE CREATE USER, GRANT OPTION ON *.* FROM 'cutover'@'127.0.0.1'")
        for server in lab.servers:
            server.query("SET sql_log_bin = 0; DROP USER IF EXISTS 'editor'@'10.%'")


def test_an_interrupted_seed_says_so_is_wiped_and_works_again(lab, seed, clean):
    program = programs.build("seed_check")
    running = subprocess.Popen([program, lab.cfg_path, "copy", "old"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: lab.new.primary.query("SHOW TABLES FROM information_schema") and lab.new.primary.query(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_NAME = 'members' AND TABLE_SCHEMA = 'blog'"), 20, "the first tables")
    running.send_signal(signal.SIGINT)
    begun = time.monotonic()
    answer = json.loads(running.communicate(timeout=20)[0])
    assert time.monotonic() - begun < 5
    assert (running.returncode, answer["code"], answer["effect"]) == (1, "stopped", "applied")
    assert seed(lab, "copy", "old")["code"] == "refused"
    assert seed(lab, "wipe", "new").returncode == 0
    for server in lab.new.nodes:
        assert server.query("SHOW DATABASES LIKE 'blog'") == []
    assert seed(lab, "copy", "old").returncode == 0


def test_a_failing_target_stops_the_seed_and_names_the_table(lab, seed, clean):
    program = programs.build("seed_check")
    running = subprocess.Popen([program, lab.cfg_path, "copy", "old"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    replica = lab.new.replicas[0]
    wait_until(lambda: replica.query(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_NAME = 'members' AND TABLE_SCHEMA = 'blog'"), 20, "the first tables")
    replica.kill9()
    try:
        answer = json.loads(running.communicate(timeout=30)[0])
        assert running.returncode == 1 and answer["effect"] == "applied"
        assert "blog." in answer["error"]
        processes = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'cutover' AND COMMAND = 'Query'"
        wait_until(lambda: lab.old.primary.value(processes) == 0, 10, "the source to be left alone")
    finally:
        replica.start()


def test_a_side_that_is_open_is_not_wiped(lab, seed, clean):
    assert seed(lab, "copy", "old").returncode == 0
    lab.new.replicas[0].query("SET GLOBAL read_only = 0")
    try:
        outcome = seed(lab, "wipe", "new")
        assert outcome["code"] == "refused" and "is open" in outcome["error"]
        assert lab.new.primary.query("SHOW DATABASES LIKE 'blog'") != []
    finally:
        lab.new.replicas[0].query("SET GLOBAL read_only = 1")


def test_a_side_with_a_running_link_is_not_wiped(lab, seed, clean):
    programs.follow(lab, seed(lab, "copy", "old")["position"])
    outcome = seed(lab, "wipe", "new")
    assert outcome["code"] == "refused" and "link" in outcome["error"]


def test_the_only_open_side_is_never_wiped(lab, seed, clean):
    outcome = seed(lab, "wipe", "old")
    assert outcome["code"] == "refused"
    assert lab.old.primary.query("SHOW DATABASES LIKE 'blog'") != []
