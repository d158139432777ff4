# SPDX-License-Identifier: MIT
"""seed_copy() and seed_wipe() against real servers of one kind: exact at one position while the source is written to."""

import concurrent.futures
import json
import re
import signal
import subprocess
import threading
import time

import pytest

from tests.integration import awkward, programs
from tests.lab import kinds
from tests.lab.lab import Lab
from tests.lab.procs import wait_until


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
    megabytes = {"mariadb": 60, "mysql": 20}[kinds.find(kinds.default("old")).flavour]  # a copy takes some seconds
    with Lab(mb=megabytes, dns=False, cloudflare=False, site=False) as lab:
        awkward.plant(lab)
        yield lab


@pytest.fixture
def clean(lab):
    """NEW as it was delivered: no databases, no link."""
    yield
    for server in lab.new.nodes:
        server.forget()
        server.query("SET sql_log_bin = 0; DROP DATABASE IF EXISTS blog")
    lab.new.attach_replicas(lab.accounts["replication"])


def test_a_seed_under_load_is_exact_at_its_position(lab, seed, verify, clean):
    with awkward.Writer(lab.old.primary) as writer:
        wait_until(lambda: writer.count > 50, 30, "the writer")
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
    expected = awkward.programs(lab.old.primary)
    assert len(expected) >= 10
    waiting = {"mariadb": "SLAVESIDE_DISABLED", "mysql": "REPLICA_SIDE_DISABLED"}[lab.new.kind.flavour]
    for server in lab.new.nodes:
        assert awkward.programs(server) == expected
        status = {row["EVENT_NAME"]: row["STATUS"] for row in server.query(
            "SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'blog'")}
        assert status == {"tick": waiting, "ENABLE it": waiting, "idle": "DISABLED"}
        for table in ("zero", "articles", "signups"):
            assert counter(server, table) == counter(lab.old.primary, table)
        assert server.value("SELECT @@GLOBAL.log_bin_trust_function_creators") == 0


def counter(server, table):
    """The next value of AUTO_INCREMENT."""
    made = server.query(f"SHOW CREATE TABLE blog.{table}")[0]["Create Table"]
    return re.search(r"AUTO_INCREMENT=(\d+)", made).group(1)


def status(server, name):
    return int(server.query("SHOW GLOBAL STATUS LIKE %s", (name,))[0]["Value"])


def deadlocks(server):
    """How many the server has ended so far."""
    if server.kind.flavour == "mariadb":
        return status(server, "Innodb_deadlocks")
    return server.value("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'")


def heavier_than_a_batch(cursor):
    """Begin a transaction that InnoDB keeps when it has to choose: it has written more rows than the other one."""
    cursor.execute("SET sql_log_bin = 0; CREATE SCHEMA scratch; CREATE TABLE scratch.weight (id INT PRIMARY KEY)")
    while cursor.nextset():
        pass
    cursor.execute("BEGIN")
    cursor.executemany("INSERT INTO scratch.weight VALUES (%s)", range(20_000))


def test_a_batch_that_waits_too_long_or_is_the_victim_of_a_deadlock_is_written_again(lab, seed, clean):
    """Somebody on NEW has the last row of a table and wants the one before, which a worker has, which wants the last."""
    lab.old.primary.query("CREATE TABLE blog.contended (id INT PRIMARY KEY, body VARCHAR(1000) NOT NULL)")
    with lab.old.primary.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO blog.contended VALUES (%s, REPEAT('x', 900))", range(1, 3001))
    new = lab.new.primary
    made = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'blog' AND table_name = 'contended'"
    before, waits = deadlocks(new), status(new, "Innodb_row_lock_waits")
    with new.connect() as rival, rival.cursor() as cursor, concurrent.futures.ThreadPoolExecutor(1) as pool:
        heavier_than_a_batch(cursor)
        copying = pool.submit(seed, lab, "copy", "old")
        wait_until(lambda: new.value(made) or copying.done(), 60, "the table to be made")
        cursor.execute("INSERT INTO blog.contended VALUES (3000, 'of the rival')")
        wait_until(lambda: status(new, "Innodb_row_lock_waits") > waits + 1 or copying.done(), 60, "a worker to ask again")
        wait_until(lambda: status(new, "Innodb_row_lock_current_waits") or copying.done(), 60, "it to wait for that row")
        cursor.execute("SELECT * FROM blog.contended WHERE id = 2999 FOR UPDATE")
        assert cursor.fetchall() == (), "the worker's rows were taken back"
        rival.rollback()
        assert copying.result().returncode == 0, copying.result().answer
    assert deadlocks(new) == before + 1
    try:
        for server in lab.new.nodes:
            checksum = "CHECKSUM TABLE blog.contended"
            assert server.query(checksum) == lab.old.primary.query(checksum)
    finally:
        lab.old.primary.query("DROP TABLE blog.contended")
        new.query("SET sql_log_bin = 0; DROP SCHEMA scratch")


@pytest.mark.parametrize("workers", [1, 4])
def test_a_rate_is_kept_by_all_workers_together(lab, seed, clean, workers):
    whole = seed(lab, "copy", "old")
    assert whole.returncode == 0
    assert seed(lab, "wipe", "new").returncode == 0
    rate = whole["bytes"] // 6
    done = seed(lab, "copy", "old", f"workers={workers}", f"rate={rate}")
    assert done.returncode == 0, done.answer
    assert done["bytes"] >= whole["bytes"]  # an event of OLD goes on writing
    assert done["duration_ms"] >= 1000 * done["bytes"] / rate * 0.99, "faster than the rate"


def test_a_copy_that_waits_for_its_turn_is_stopped_at_once(lab, clean):
    program = programs.build("seed_check")
    running = subprocess.Popen([program, lab.cfg_path, "copy", "old", "rate=10000"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    made = "SELECT 1 FROM information_schema.TABLES WHERE TABLE_NAME = 'members' AND TABLE_SCHEMA = 'blog'"
    wait_until(lambda: lab.new.primary.query(made), 30, "the first tables")
    running.send_signal(signal.SIGINT)
    begun = time.monotonic()
    answer = json.loads(running.communicate(timeout=30)[0])
    assert time.monotonic() - begun < 5
    assert (answer["code"], answer["effect"]) == ("stopped", "applied")


def test_logs_that_go_before_the_copy_can_be_done_are_refused_with_both_times(lab, seed, clean):
    name, value = {"mariadb": ("expire_logs_days", 1), "mysql": ("binlog_expire_logs_seconds", 86400)}[lab.old.kind.flavour]
    before = lab.old.primary.value(f"SELECT @@GLOBAL.{name}")
    lab.old.primary.query(f"SET GLOBAL {name} = {value}")
    try:
        outcome = seed(lab, "copy", "old", "rate=100")
    finally:
        lab.old.primary.query(f"SET GLOBAL {name} = {before}")
    assert (outcome["code"], outcome["effect"]) == ("refused", "none")
    assert str(lab.old.primary.port) in outcome["error"] and "binary logs" in outcome["error"]
    for server in lab.new.nodes:
        assert server.query("SHOW DATABASES LIKE 'blog'") == []


def test_a_seed_leaves_no_trace_in_the_binary_logs_of_the_targets(lab, seed, clean):
    before = [server.position() for server in lab.new.nodes]
    assert seed(lab, "copy", "old").returncode == 0
    assert [server.position() for server in lab.new.nodes] == before


def test_a_target_that_holds_the_database_is_refused(lab, seed, clean):
    lab.new.replicas[0].query("SET sql_log_bin = 0; CREATE DATABASE blog")
    outcome = seed(lab, "copy", "old")
    assert (outcome["code"], outcome["effect"]) == ("refused", "none")
    assert str(lab.new.replicas[0].port) in outcome["error"]
    assert lab.new.primary.query("SHOW DATABASES LIKE 'blog'") == []


def test_a_table_without_transactions_is_refused_by_name(lab, seed, clean):
    lab.old.primary.query("CREATE TABLE blog.old_style (a INT) ENGINE = MyISAM")
    try:
        outcome = seed(lab, "copy", "old")
        assert outcome["code"] == "refused" and "blog.old_style (MyISAM)" in outcome["error"]
    finally:
        lab.old.primary.query("DROP TABLE blog.old_style")


# An account with a password, and one that reaches the database through a role.
ACCOUNTS = """
SET sql_log_bin = 0; CREATE USER 'editor'@'10.%' IDENTIFIED BY 'secret-of-the-editor'; GRANT SELECT ON blog.* TO 'editor'@'10.%';
CREATE ROLE readers; GRANT SELECT ON blog.* TO readers;
CREATE USER 'member'@'10.%' IDENTIFIED BY 'secret-of-the-member'; GRANT readers TO 'member'@'10.%';
"""
NO_ACCOUNTS = "SET sql_log_bin = 0; DROP USER IF EXISTS 'editor'@'10.%', 'member'@'10.%'; DROP ROLE IF EXISTS readers"
MAKE_ACCOUNTS = {"mariadb": ["GRANT OPTION"], "mysql": ["CREATE USER, GRANT OPTION", "ROLE_ADMIN"]}


def about_accounts(server):
    """Everything about the accounts, their hashes too."""
    hexadecimal = "SET print_identified_with_as_hex = 1;" if server.kind.flavour == "mysql" else ""
    return [list(row.values()) for name in ("'editor'@'10.%'", "'member'@'10.%'")
            for text in (f"{hexadecimal} SHOW CREATE USER {name}", f"SHOW GRANTS FOR {name}", "SHOW GRANTS FOR readers")
            for row in server.query(text)]


def test_missing_accounts_are_refused_by_name_before_anything_is_copied(lab, seed, clean):
    rights = MAKE_ACCOUNTS[lab.new.kind.flavour]
    for server in lab.old.nodes:
        server.query(ACCOUNTS)
    try:
        outcome = seed(lab, "copy", "old")
        assert (outcome["code"], outcome["effect"]) == ("refused", "none")
        for name in ("'editor'@'10.%'", "'member'@'10.%'", "readers"):
            assert name in outcome["error"]
        assert "secret" not in outcome["error"]
        assert lab.new.primary.query("SHOW DATABASES LIKE 'blog'") == []
        for server in lab.new.nodes:
            for right in rights:
                server.query(f"SET sql_log_bin = 0; GRANT {right} ON *.* TO 'cutover'@'127.0.0.1'")
        done = seed(lab, "copy", "old")
        assert done.returncode == 0, done.answer
        for server in lab.new.nodes:
            assert about_accounts(server) == about_accounts(lab.old.primary)
    finally:
        for server in lab.new.nodes:
            for right in rights:
                server.query(f"SET sql_log_bin = 0; REVOKE {right} ON *.* FROM 'cutover'@'127.0.0.1'")
        for server in lab.servers:
            server.query(NO_ACCOUNTS)


def test_an_account_of_a_plugin_that_a_target_lacks_is_refused_with_its_name(lab, seed, clean):
    if lab.new.kind.flavour != "mysql":
        pytest.skip("this machine has no plugin for MariaDB")
    for server in lab.old.nodes:
        server.query("SET sql_log_bin = 0; INSTALL PLUGIN mysql_no_login SONAME 'mysql_no_login.so';"
                     " CREATE USER owner@'10.%' IDENTIFIED WITH mysql_no_login; GRANT SELECT ON blog.* TO owner@'10.%'")
    for server in lab.new.nodes:
        server.query("SET sql_log_bin = 0; GRANT CREATE USER, GRANT OPTION ON *.* TO 'cutover'@'127.0.0.1'")
    try:
        outcome = seed(lab, "copy", "old")
        assert (outcome["code"], outcome["effect"]) == ("refused", "none")
        assert "'owner'@'10.%'" in outcome["error"] and "mysql_no_login" in outcome["error"]
    finally:
        for server in lab.new.nodes:
            server.query("SET sql_log_bin = 0; REVOKE CREATE USER, GRANT OPTION ON *.* FROM 'cutover'@'127.0.0.1'")
        for server in lab.old.nodes:
            server.query("SET sql_log_bin = 0; DROP USER owner@'10.%'; UNINSTALL PLUGIN mysql_no_login")


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
        wait_until(lambda: not any(row["User"] == "cutover" and row["Command"] == "Query"
                                   for row in lab.old.primary.query("SHOW PROCESSLIST")), 10, "the source to be left alone")
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
