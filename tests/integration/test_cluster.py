# SPDX-License-Identifier: MIT
"""src/cluster and src/monitor against real servers, one function at a time (through cluster_check.c).

Which servers: CUTOVER_LAB_OLD and CUTOVER_LAB_NEW, both of one flavour. The clusters are joined by both links. NEW holds
no blog, so everything written here goes to blog.notes, which every node has.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pymysql
import pytest

from tests.integration import programs
from tests.lab.lab import REPOSITORY, Lab
from tests.lab.procs import wait_until

BUILD = os.environ.get("BUILD") or "build"
CHECK = f"{BUILD}/integration/cluster_check"
NOTES = """
SET sql_log_bin = 0;
CREATE DATABASE IF NOT EXISTS blog;
CREATE TABLE blog.notes (id BIGINT AUTO_INCREMENT PRIMARY KEY, writer INT NOT NULL, text VARCHAR(100)) ENGINE = InnoDB
"""
LOCK_WAIT_MS = 1000  # the lab's limits.lock_wait


class Nodes:
    """The servers by side, and cluster_check on their configuration."""

    def __init__(self, lab):
        self.lab = lab
        self.primary = {"old": lab.old.primary, "new": lab.new.primary}

    def run(self, *args, cfg=None, timeout=60):
        done = subprocess.run(self.command(*args, cfg=cfg), capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, check=False)
        assert done.stdout, done.stderr
        answer = json.loads(done.stdout.splitlines()[-1])
        assert done.returncode == (0 if answer["code"] == "ok" else 1), done.stderr  # a sanitizer has codes of its own
        return answer

    def ok(self, *args, **options):
        answer = self.run(*args, **options)
        assert answer["code"] == "ok", answer
        return answer

    def start(self, *args, cfg=None):
        return Talk(subprocess.Popen(self.command(*args, cfg=cfg), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def command(self, *args, cfg=None):
        return [str(REPOSITORY / CHECK), str(cfg or self.lab.cfg_path), *map(str, args)]

    def app(self, side, **options):
        return self.primary[side].connect(self.lab.accounts["app"], **options)

    def is_closed(self, side):
        return bool(self.primary[side].value("SELECT @@global.read_only"))

    def door(self, side, what="read"):
        answer = self.ok("door", side, what)
        return answer["door"], answer["kept"]

    @property
    def is_mysql(self):
        return self.lab.old.kind.flavour == "mysql"

    def link(self, side, verb, what=""):
        """START or STOP the link that ends at `side`, or a part of it."""
        channel = {"new": "cutover_forward", "old": "cutover_reverse"}[side]
        self.primary[side].query(f"{verb} REPLICA {what} FOR CHANNEL '{channel}'" if self.is_mysql
                                 else f"{verb} SLAVE '{channel}' {what}")

    def start_all(self, server):
        server.query("START REPLICA" if self.is_mysql else "START ALL SLAVES")

    def reopen(self, side):
        self.primary[side].query("SET GLOBAL read_only = 0")
        if self.is_mysql:
            self.primary[side].query("RESET PERSIST IF EXISTS super_read_only")

    def state(self, side):
        """Everything it has logged, by whom."""
        return self.primary[side].position() if self.is_mysql else self.primary[side].value("SELECT @@gtid_binlog_state")


class Talk:
    """A cluster_check that answers one line of input with one line."""

    def __init__(self, process):
        self.process = process

    def read(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def end(self):
        self.process.stdin.close()
        last = self.process.stdout.read().splitlines()
        answer = json.loads(last[-1])
        assert self.process.wait(30) == (0 if answer["code"] == "ok" else 1)
        return answer

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


@pytest.fixture(scope="module", name="nodes")
def joined_clusters():
    programs.build("cluster_check")
    with Lab(mb=1, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query("SET sql_log_bin = 0; ALTER EVENT blog.tick DISABLE")
        for server in lab.servers:
            server.query(NOTES)
        nodes = Nodes(lab)
        nodes.ok("prepare")
        nodes.ok("prepare")  # again: nothing to do
        nodes.ok("link-create", "new")
        nodes.ok("link-create", "old")
        if nodes.is_mysql:  # what its primary was told, a replica of MySQL cannot fetch
            lab.new.replicas[0].query("STOP REPLICA; RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = %s; START REPLICA",
                                      (lab.new.primary.value("SELECT @@global.gtid_purged"),))
        yield nodes


@pytest.fixture(autouse=True)
def open_old_afterwards(nodes):
    yield
    nodes.reopen("old")


def in_background(function, *args):
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


# --- probe ---------------------------------------------------------------------------------------------------------

def by_name(nodes, answer):
    names = {f"{server.address}:{server.port}": server.name for server in nodes.lab.servers}
    return {names[node["name"]]: node for node in answer["nodes"]}


def test_the_probe_reads_every_node(nodes):
    found = by_name(nodes, nodes.ok("probe", 3000))
    assert {name: node["reached"] for name, node in found.items()} == dict.fromkeys(["old1", "old2", "new1", "new2"], "yes")
    assert {name: node["read_only"] for name, node in found.items()} == {
        "old1": "no", "old2": "yes", "new1": "yes", "new2": "yes"}
    assert (found["old1"]["has_data"], found["old1"]["binlog_format"], found["old1"]["server_id"]) == ("yes", "ROW", 101)
    assert all(node["tls"].startswith("TLS_") for node in found.values())
    assert all(abs(node["skew_us"]) < 50_000 for node in found.values()), "same clock"
    assert found["old1"]["position"] == nodes.primary["old"].position()


def test_the_probe_reads_every_channel(nodes):
    found = by_name(nodes, nodes.ok("probe", 3000))
    channels = {name: [(c["name"], c["receiving"], c["applying"], c["gtid"], c["tls"], c["ignored"]) for c in node["channels"]]
                for name, node in found.items()}
    assert channels == {
        "old1": [("cutover_reverse", "yes", "yes", "yes", "yes", "" if nodes.is_mysql else "1")],
        "old2": [("", "yes", "yes", "yes", "yes", "")],
        "new1": [("cutover_forward", "yes", "yes", "yes", "yes", "" if nodes.is_mysql else "2")],
        "new2": [("", "yes", "yes", "yes", "yes", "")]}


def test_a_frozen_node_costs_the_probe_no_more_than_its_time_limit(nodes):
    frozen = nodes.lab.new.replicas[0]
    frozen.freeze()
    try:
        answer = nodes.ok("probe", 1500)
    finally:
        frozen.thaw()
    found = by_name(nodes, answer)
    assert answer["took_ms"] < 4000
    assert (found["new2"]["reached"], found["new2"]["server_id"]) == ("no", 0)
    assert found["new2"]["error"]
    assert [found[name]["reached"] for name in ("old1", "old2", "new1")] == ["yes"] * 3
    assert found["old1"]["position"] and found["new1"]["applied"]


def test_a_stopped_node_is_a_fact_and_not_a_failure(nodes):
    stopped = nodes.lab.old.replicas[0]
    stopped.stop()
    try:
        answer = nodes.ok("probe", 3000)
    finally:
        stopped.start()
    node = by_name(nodes, answer)["old2"]
    assert (node["reached"], node["read_only"]) == ("no", "unknown")
    assert "connect" in node["error"]
    assert answer["took_ms"] < 1500
    nodes.start_all(stopped)


def test_the_probe_counts_the_application_only(nodes):
    with nodes.app("old", autocommit=False) as writer, writer.cursor() as cursor, nodes.app("old"):
        cursor.execute("INSERT INTO blog.notes (writer) VALUES (1)")
        node = by_name(nodes, nodes.ok("probe", 3000))["old1"]
        assert (node["app_sessions"], node["open_transactions"]) == (2, 1)
        writer.rollback()


def test_a_wrong_password_is_told_and_not_printed(nodes):
    config = nodes.lab.config
    cfg = config.variant("wrong", lambda c: c["accounts"]["controller"].update(
        password=config.secret("wrong", "sesame-not-the-password")))
    answer = nodes.ok("probe", 3000, cfg=cfg)
    assert all(node["reached"] == "no" and "Access denied" in node["error"] for node in answer["nodes"])
    assert "sesame" not in json.dumps(answer)


# --- survey --------------------------------------------------------------------------------------------------------

def test_the_survey_finds_what_check_must_complain_about(nodes):
    old = nodes.primary["old"]
    bypass, needed = ("CONNECTION_ADMIN", "SET_ANY_DEFINER") if nodes.is_mysql else ("READ_ONLY ADMIN", "SET USER")
    old.query(f"SET sql_log_bin = 0; CREATE USER sneaky@'10.%'; GRANT {bypass} ON *.* TO sneaky@'10.%';"
              f"CREATE ROLE night_shift; GRANT {bypass} ON *.* TO night_shift; CREATE USER nora@'10.%';"
              "GRANT night_shift TO nora@'10.%'; CREATE DEFINER = gone@nowhere VIEW blog.orphan AS SELECT 1;"
              f"REVOKE {needed} ON *.* FROM cutover@'127.0.0.1'")
    try:
        answer = nodes.ok("survey")
    finally:
        old.query("SET sql_log_bin = 0; DROP USER sneaky@'10.%', nora@'10.%'; DROP ROLE night_shift; DROP VIEW blog.orphan;"
                  f"GRANT {needed} ON *.* TO cutover@'127.0.0.1'")
    assert {"sneaky@10.%", "nora@10.%", "root@localhost"} <= set(answer["old"]["bypass"])
    assert not any(name.startswith(("cutover", "night_shift")) for name in answer["old"]["bypass"])
    assert answer["old"]["missing_definers"] == answer["new"]["missing_definers"] == ["gone@nowhere"]
    assert (answer["old"]["missing_grants"], answer["new"]["missing_grants"]) == (needed, "")
    assert answer["tables"]["blog.audit_log"] is False and answer["tables"]["blog.users"] is True
    assert answer["old"]["events"] == ["blog.tick"]
    assert {answer[side][f"{who}_login"] for side in ("old", "new") for who in ("replication", "monitor")} == {"yes"}


def test_the_survey_tries_the_logins(nodes):
    config = nodes.lab.config
    cfg = config.variant("wrong-repl", lambda c: c["accounts"]["replication"].update(
        password=config.secret("wrong-repl", "sesame")))
    answer = nodes.ok("survey", cfg=cfg)
    assert (answer["old"]["replication_login"], answer["old"]["monitor_login"]) == ("no", "yes")
    assert "Access denied" in answer["old"]["replication_login_error"]


# --- lease ---------------------------------------------------------------------------------------------------------

def test_a_second_controller_is_told_the_name_of_the_first(nodes):
    first = nodes.start("lease", "ann@laptop pid 1", "run-7f3a")
    epoch = first.read()["epoch"]
    try:
        second = nodes.run("lease", "bob@laptop pid 2", "run-8000")
        assert (second["code"], second["effect"]) == ("busy", "none")
        assert "ann@laptop pid 1" in second["msg"] and "run-7f3a" in second["msg"]
        assert "ann@laptop pid 1" in nodes.ok("lease-holder")["holder"]
        assert first.ask("check")["ours"]
    finally:
        assert first.end()["code"] == "ok"
    assert nodes.ok("lease-holder")["holder"] == ""
    third = nodes.start("lease", "bob@laptop pid 3", "run-8001")
    assert third.read()["epoch"] == epoch + 1
    third.end()


def test_a_lease_dies_with_its_holder(nodes):
    first = nodes.start("lease", "ann@laptop pid 1", "run-1")
    first.read()
    first.kill9()
    second = nodes.start("lease", "bob@laptop pid 2", "run-2")
    assert "epoch" in second.read()
    assert "bob@laptop" in nodes.ok("lease-holder")["holder"]
    second.end()


def test_services_with_long_names_have_a_lease_each(nodes):
    """MySQL takes no lock name of more than 64 characters."""
    config = nodes.lab.config
    one, other = (config.variant(f"long-{end}", lambda c, end=end: c.update(service="long-name-" * 5 + f"of-service-{end}"))
                  for end in "ab")
    first = nodes.start("lease", "ann@laptop pid 1", "run-1", cfg=one)
    assert "epoch" in first.read()
    try:
        assert first.ask("check")["ours"]
        assert nodes.run("lease", "bob@laptop pid 2", "run-2", cfg=one)["code"] == "busy"
        assert nodes.ok("lease-holder", cfg=other)["holder"] == ""
    finally:
        first.end()


def test_the_lease_is_on_both_primaries_or_on_none(nodes):
    lock = "SELECT IS_USED_LOCK('cutover.blog')"
    with nodes.primary["new"].connect() as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK('cutover.blog', 0)")
        answer = nodes.run("lease", "ann@laptop pid 1", "run-1")
        assert answer["code"] == "busy" and answer["where"].startswith(nodes.primary["new"].address)
        assert nodes.primary["old"].value(lock) is None
    nodes.primary["new"].stop()
    try:
        answer = nodes.run("lease", "ann@laptop pid 1", "run-1")
        assert (answer["code"], answer["effect"]) == ("lost", "none")
        assert nodes.primary["old"].value(lock) is None
        assert nodes.run("lease-holder")["code"] == "lost"
    finally:
        nodes.primary["new"].start()
        nodes.start_all(nodes.primary["new"])
        nodes.ok("link-healthy", "new", 10000)
        nodes.ok("link-healthy", "old", 10000)


def test_a_lease_whose_connection_was_killed_is_no_longer_ours(nodes):
    lease = nodes.start("lease", "ann@laptop pid 1", "run-1")
    lease.read()
    thread = nodes.primary["old"].value("SELECT IS_USED_LOCK('cutover.blog')")
    nodes.primary["old"].query(f"KILL {thread}")
    assert lease.ask("check")["code"] in ("lost", "busy")
    lease.process.wait(10)


def test_the_lease_leaves_no_trace_in_the_binary_log(nodes):
    before = nodes.primary["new"].position()
    lease = nodes.start("lease", "ann@laptop pid 1", "run-1")
    lease.read()
    lease.end()
    assert nodes.primary["new"].position() == before


# --- fence ---------------------------------------------------------------------------------------------------------

def test_the_fence_closes_and_opens(nodes):
    answer = nodes.ok("fence-close", "old")
    assert nodes.is_closed("old")
    assert answer["close_us"] + answer["prove_us"] < 100_000, "an idle primary has nothing to wait for"
    assert answer["position"] == nodes.primary["old"].position()
    assert nodes.ok("fence-prove", "old")["position"] == answer["position"]
    nodes.ok("fence-close", "old")  # again: already so
    nodes.ok("fence-open", "old")
    assert not nodes.is_closed("old")
    assert nodes.run("fence-prove", "old")["code"] == "refused"


def test_the_fence_ends_an_idle_transaction_that_wrote_and_leaves_readers_alone(nodes):
    with (nodes.app("old", autocommit=False) as writer, writer.cursor() as writing,
          nodes.app("old", autocommit=False) as reader, reader.cursor() as reading):
        writing.execute("INSERT INTO blog.notes (writer, text) VALUES (7, 'never committed')")
        reading.execute("SELECT COUNT(*) FROM blog.notes")
        answer = nodes.ok("fence-close", "old")
        assert answer["killed"] == 1
        assert f"id {writer.thread_id()} app@127.0.0.1" in answer["killed_text"]
        with pytest.raises(pymysql.err.OperationalError):
            writer.commit()
        reading.execute("SELECT 1")
        reader.commit()
    assert nodes.primary["old"].value("SELECT COUNT(*) FROM blog.notes WHERE text = 'never committed'") == 0


def test_the_fence_reads_the_list_of_transactions_once_when_those_that_wrote_have_gone(nodes):
    """A second time MariaDB's copy would have to be waited for, while nobody can write."""
    if nodes.primary["old"].kind.flavour != "mariadb":
        pytest.skip("only MariaDB's list is a copy")
    old = nodes.primary["old"]
    before = old.query("SELECT @@global.log_output AS output, @@global.general_log AS is_on")[0]
    with nodes.app("old", autocommit=False) as writer, writer.cursor() as writing:
        writing.executemany("INSERT INTO blog.notes (writer, text) VALUES (%s, 'never committed')", [(7,)] * 2000)
        time.sleep(0.2)  # nobody has read the copy for as long as it may be old
        old.query("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1")
        try:
            assert nodes.ok("fence-close", "old")["killed"] == 1
            reads = old.value("SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SELECT%INNODB_TRX%trx_rows_locked%'"
                              " AND argument NOT LIKE '%general_log%'")
            now = old.query("SHOW ENGINE INNODB STATUS")[0]["Status"]  # never a copy
        finally:
            old.query(f"SET GLOBAL general_log = {before['is_on']}; SET GLOBAL log_output = '{before['output']}';"
                      " TRUNCATE mysql.general_log")
            nodes.ok("fence-open", "old")
    assert reads == 1 and "undo log entries" not in now


def test_the_fence_gives_way_to_a_running_update_and_names_it(nodes):
    nodes.primary["old"].query("INSERT INTO blog.notes (writer, text) VALUES (8, 'slow')")
    with nodes.primary["old"].connect() as holder, holder.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK('slow', 0)")  # the update goes on until this connection ends
        slow = in_background(nodes.primary["old"].query, "UPDATE blog.notes SET text = CONCAT('x', GET_LOCK('slow', 60))"
                             " WHERE writer = 8", None, nodes.lab.accounts["app"])
        wait_until(lambda: any(s["writing"] for s in nodes.ok("sessions", "old")["sessions"]), 30, "the slow update to run")
        answer = nodes.run("fence-close", "old")
    assert (answer["code"], answer["effect"]) == ("timeout", "none")
    assert answer["took_ms"] < LOCK_WAIT_MS + 1500
    assert "UPDATE blog.notes" in answer["hint"] and "app@127.0.0.1" in answer["hint"]
    assert "open again" in answer["msg"]
    assert not nodes.is_closed("old")
    slow.join()
    assert nodes.primary["old"].value("SELECT text FROM blog.notes WHERE writer = 8") == "x1"


def test_the_fence_gives_way_to_lock_tables_and_names_the_table(nodes):
    with nodes.primary["old"].connect() as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES blog.notes WRITE")
        answer = nodes.run("fence-close", "old")
        assert (answer["code"], answer["effect"]) == ("timeout", "none")
        assert answer["took_ms"] < LOCK_WAIT_MS + 1500
        assert "blog.notes" in answer["hint"] and f"thread {holder.thread_id()}" in answer["hint"]
        assert not nodes.is_closed("old")
        cursor.execute("UNLOCK TABLES")


def test_a_prepared_transaction_refuses_the_fence_before_anything_is_touched(nodes):
    with nodes.app("old", autocommit=False) as idle, idle.cursor() as cursor:
        cursor.execute("INSERT INTO blog.notes (writer) VALUES (3)")
        with nodes.app("old") as owner, owner.cursor() as preparing:
            for statement in ("XA START 'x'", "INSERT INTO blog.notes (writer) VALUES (3)", "XA END 'x'", "XA PREPARE 'x'"):
                preparing.execute(statement)
            answer = nodes.run("fence-close", "old")
            assert (answer["code"], answer["effect"], answer["close_us"]) == ("refused", "none", 0)
            assert "XA" in answer["msg"]
            preparing.execute("XA ROLLBACK 'x'")
        idle.commit()
    assert not nodes.is_closed("old")


def test_an_account_that_read_only_does_not_stop_is_stopped_or_refuses_the_fence(nodes):
    stop = threading.Event()

    def write_on():
        while not stop.is_set():
            with contextlib.suppress(pymysql.err.OperationalError), nodes.primary["old"].connect() as root, root.cursor() as cursor:
                while not stop.is_set():
                    cursor.execute("INSERT INTO blog.notes (writer) VALUES (4)")

    writer = in_background(write_on)
    try:
        answer = nodes.run("fence-close", "old")
    finally:
        stop.set()
        writer.join()
    if nodes.is_mysql:  # it is stopped
        assert answer["code"] == "ok" and nodes.state("old") == answer["position"]
    else:
        assert answer["code"] == "refused", (answer, nodes.state("old"))
        assert not nodes.is_closed("old")


class Writer(threading.Thread):
    """Inserts as fast as it can, and counts what became of it."""

    def __init__(self, nodes, number, stop):
        super().__init__(daemon=True)
        self.nodes, self.number, self.stop = nodes, number, stop
        self.acknowledged, self.ambiguous, self.refused = 0, 0, 0

    def run(self):
        while not self.stop.is_set():
            with self.nodes.app("old") as connection, connection.cursor() as cursor:
                self._write(connection, cursor)

    def _write(self, connection, cursor):
        while not self.stop.is_set():
            try:
                cursor.execute("INSERT INTO blog.notes (writer) VALUES (%s)", (1000 + self.number,))
                self.acknowledged += 1
            except pymysql.err.OperationalError as error:
                if error.args[0] != 1290:
                    self.ambiguous += 1
                    return
                self.refused += 1
                time.sleep(0.005)


def test_no_write_is_acknowledged_after_the_proof_with_writers_at_full_speed(nodes):
    primary, stop = nodes.primary["old"], threading.Event()
    rows_of_all = "SELECT COUNT(*) FROM blog.notes WHERE writer >= 1000"
    writers = [Writer(nodes, i, stop) for i in range(8)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(6):
            written = sum(writer.acknowledged for writer in writers)
            wait_until(lambda count=written: sum(w.acknowledged for w in writers) > count + 200, 30, "writers at speed")
            answer = nodes.ok("fence-close", "old")
            rows = primary.value(rows_of_all)
            refused = sum(writer.refused for writer in writers)
            wait_until(lambda count=refused: sum(w.refused for w in writers) > count + 50, 30, "refused writers")
            assert primary.value(rows_of_all) == rows
            assert sum(w.acknowledged for w in writers) <= rows <= sum(w.acknowledged + w.ambiguous for w in writers)
            assert primary.position() == answer["position"]
            print(answer)
            nodes.ok("link-wait", "new", answer["position"], 10000)
            nodes.ok("fence-open", "old")
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    count = "SELECT COUNT(*) FROM blog.notes WHERE writer = %s"
    for writer in writers:
        rows = primary.value(count, (1000 + writer.number,))
        assert writer.acknowledged <= rows <= writer.acknowledged + writer.ambiguous
    nodes.ok("link-wait", "new", "now", 10000)
    for writer in writers:
        assert nodes.primary["new"].value(count, (1000 + writer.number,)) == primary.value(count, (1000 + writer.number,))


def only_on_mysql(nodes):
    if not nodes.is_mysql:
        pytest.skip("only MySQL can keep administrators out, too")


def test_a_closed_node_stays_closed_when_it_is_killed_and_starts_again(nodes):
    only_on_mysql(nodes)
    primary = nodes.primary["old"]
    position = nodes.ok("fence-close", "old")["position"]
    assert nodes.door("old") == ("sealed", True)
    primary.kill9()
    primary.start()
    try:
        assert nodes.door("old") == ("sealed", True)
        assert nodes.ok("fence-prove", "old")["position"] == position
        with pytest.raises(pymysql.err.OperationalError, match="super-read-only"):
            primary.query("INSERT INTO blog.notes (writer) VALUES (4)")
        nodes.ok("fence-open", "old")
        assert nodes.door("old") == ("open", False)
        primary.restart()
        assert nodes.door("old") == ("open", False), "opened is opened, also after a restart"
    finally:
        nodes.start_all(primary)
        nodes.ok("link-healthy", "old", 15000)
        nodes.ok("link-healthy", "new", 15000)
        nodes.start_all(nodes.lab.old.replicas[0])


def test_half_a_fence_is_not_taken_for_one(nodes):
    only_on_mysql(nodes)
    nodes.primary["old"].query("SET GLOBAL read_only = 1")
    answer = nodes.run("fence-prove", "old")
    assert answer["code"] == "refused" and "for the application only" in answer["msg"]
    nodes.ok("fence-close", "old")
    assert nodes.door("old") == ("sealed", True)


def test_a_fence_that_gives_way_leaves_a_node_closed_as_it_was_found(nodes):
    only_on_mysql(nodes)
    primary = nodes.primary["old"]
    primary.query("SET GLOBAL read_only = 1")
    with primary.connect() as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES blog.notes WRITE")
        answer = nodes.run("fence-close", "old")
        assert (answer["code"], answer["effect"]) == ("timeout", "none") and "closed again" in answer["msg"]
        cursor.execute("UNLOCK TABLES")
    assert nodes.door("old") == ("closed", False)


def test_a_commit_that_waits_for_a_semi_sync_replica_makes_the_fence_give_way_and_is_named(nodes):
    only_on_mysql(nodes)
    primary = nodes.primary["old"]
    primary.query("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
    primary.query("SET GLOBAL rpl_semi_sync_source_timeout = 3600000; SET GLOBAL rpl_semi_sync_source_wait_no_replica = 1;"
                  "SET GLOBAL rpl_semi_sync_source_enabled = 1")
    writer = in_background(primary.query, "INSERT INTO blog.notes (writer) VALUES (11)", None, nodes.lab.accounts["app"])
    try:
        wait_until(lambda: any(s["writing"] for s in nodes.ok("sessions", "old")["sessions"]), 30, "the commit to wait")
        answer = nodes.run("fence-close", "old")
        assert (answer["code"], answer["effect"]) == ("timeout", "none")
        assert answer["took_ms"] < LOCK_WAIT_MS + 1500
        assert "waits for semi-sync acknowledgement" in answer["hint"] and "app@127.0.0.1" in answer["hint"]
        assert nodes.door("old") == ("open", False)
    finally:
        primary.query("SET GLOBAL rpl_semi_sync_source_enabled = 0")
        writer.join()
        primary.query("UNINSTALL PLUGIN rpl_semi_sync_source")
    nodes.ok("fence-close", "old")


def test_a_lease_is_held_on_a_sealed_node_by_its_lock_and_named_by_the_other_side(nodes):
    only_on_mysql(nodes)
    nodes.ok("fence-close", "old")
    nodes.ok("prepare")  # what is there already need not be made
    first = nodes.start("lease", "ann@laptop pid 1", "run-1")
    assert "epoch" in first.read()
    try:
        assert first.ask("check")["ours"]
        second = nodes.run("lease", "bob@laptop pid 2", "run-2")
        assert second["code"] == "busy" and "ann@laptop pid 1" in second["msg"], second
        assert "ann@laptop pid 1" in nodes.ok("lease-holder")["holder"]
        nodes.ok("fence-open", "old")
        assert first.ask("check")["ours"], "also when the node opens meanwhile"
    finally:
        first.end()
    assert nodes.door("old") == ("open", False)


def test_a_sealed_node_sends_a_probe_row_and_switches_events_and_is_sealed_again(nodes):
    only_on_mysql(nodes)
    primary = nodes.primary["old"]
    primary.query("SET sql_log_bin = 0; CREATE EVENT blog.sealed ON SCHEDULE EVERY 1 HOUR DO DO 0")
    try:
        nodes.ok("fence-close", "old")
        before = primary.position()
        assert nodes.ok("events", "old", "off")["changed"] == 1
        assert nodes.door("old") == ("sealed", True) and primary.position() == before
        assert nodes.ok("link-probe-row", "new", 5000)["arrived_us"] < 2_000_000
        assert nodes.door("old") == ("sealed", True)
        assert nodes.ok("door", "old", "admit")["door"] == "closed"
        assert nodes.door("old") == ("closed", True), "a restart seals it again"
        assert nodes.door("old", "seal") == ("sealed", True)
    finally:
        nodes.reopen("old")
        primary.query("SET sql_log_bin = 0; DROP EVENT blog.sealed")


def test_a_node_is_sealed_again_although_somebody_is_in_the_way_for_longer_than_one_try(nodes):
    only_on_mysql(nodes)
    nodes.ok("fence-close", "old")
    assert nodes.ok("door", "old", "admit")["door"] == "closed"
    with nodes.primary["old"].connect() as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES blog.notes WRITE")
        tries = "SELECT SUM_ERRORS AS n FROM performance_schema.events_statements_summary_global_by_event_name" \
                " WHERE EVENT_NAME = 'statement/sql/set_option'"
        before = nodes.primary["old"].value(tries)
        sealing = in_background(nodes.ok, "door", "old", "seal")
        wait_until(lambda: nodes.primary["old"].value(tries) > before, 30, "the first try to give way")
        cursor.execute("UNLOCK TABLES")
        sealing.join()
    assert nodes.door("old") == ("sealed", True)


def test_the_application_s_sessions_are_told_from_ours(nodes):
    with nodes.app("old") as idle:
        sessions = nodes.ok("sessions", "old")["sessions"]
        assert [s["id"] for s in sessions if s["user"] == "app"] == [idle.thread_id()]
        assert not [s for s in sessions if s["user"].startswith("cutover") or s["user"] == "system user"]
        assert not any(s["writing"] for s in sessions)


def test_a_ship_in_a_statement_hides_nobody(nodes):
    """Two of the views of MySQL fail as a whole while any statement holds a character of four bytes (3854)."""
    with nodes.app("old") as writer, contextlib.ExitStack() as stack:
        cursor = writer.cursor()
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO blog.notes (writer, text) VALUES (99, '🚢')")
        thread = threading.Thread(target=cursor.execute, args=("SELECT SLEEP(5), '🚢 Ж'",))
        thread.start()
        stack.callback(thread.join)
        # INNODB_TRX is renewed once it has been left alone for a while
        wait_until(lambda: any(s["Id"] == writer.thread_id() and s["Command"] == "Query" and s["Time"] >= 1
                               for s in nodes.primary["old"].query("SHOW PROCESSLIST")), 5, "the ship")
        old = by_name(nodes, nodes.ok("probe", 3000))["old1"]
        assert (old["reached"], old["open_transactions"]) == ("yes", 1), old
        assert any("SLEEP" in s["info"] for s in nodes.ok("sessions", "old")["sessions"])


# --- links ---------------------------------------------------------------------------------------------------------

def test_a_probe_row_goes_there_and_back(nodes):
    nodes.primary["new"].query("SET GLOBAL read_only = 0")
    try:
        assert nodes.ok("link-probe-row", "new", 5000)["arrived_us"] < 2_000_000
        assert nodes.ok("link-probe-row", "old", 5000)["arrived_us"] < 2_000_000
    finally:
        nodes.primary["new"].query("SET GLOBAL read_only = 1")
    nodes.ok("link-wait", "new", "now", 5000)
    nodes.ok("link-wait", "old", "now", 5000)
    for side in ("old", "new"):
        assert nodes.primary[side].value("SELECT COUNT(*) FROM cutover.probe") == 0


def test_a_stopped_link_fails_at_once_instead_of_waiting(nodes):
    nodes.link("new", "STOP")
    nodes.primary["old"].query("INSERT INTO blog.notes (writer) VALUES (5)")
    try:
        answer = nodes.run("link-wait", "new", "now", 20000)
        assert (answer["code"], answer["effect"]) == ("server", "none")
        assert answer["took_ms"] < 1000 and "cutover_forward" in answer["msg"]
        assert nodes.ok("link-measure", "new", 300)["lag_us"] is None
        row = nodes.run("link-probe-row", "new", 300)
        assert row["code"] == "timeout"
        assert nodes.primary["old"].value("SELECT COUNT(*) FROM cutover.probe") == 0
    finally:
        nodes.link("new", "START")
    nodes.ok("link-healthy", "new", 5000)
    nodes.ok("link-wait", "new", "now", 10000)
    assert 0 <= nodes.ok("link-measure", "new", 2000)["lag_us"] < 1_000_000


def test_a_link_that_only_stopped_receiving_still_delivers_what_it_has(nodes):
    nodes.ok("link-wait", "new", "now", 5000)
    position = nodes.primary["old"].position()
    nodes.link("new", "STOP", "IO_THREAD")
    try:
        nodes.ok("link-wait", "new", position, 5000)
        nodes.primary["old"].query("INSERT INTO blog.notes (writer) VALUES (6)")
        answer = nodes.run("link-wait", "new", "now", 20000)
        assert answer["code"] == "server" and answer["took_ms"] < 1000
    finally:
        nodes.link("new", "START")


def test_a_link_that_is_behind_times_out_and_says_how_much_is_missing(nodes):
    nodes.ok("link-wait", "new", "now", 5000)
    if nodes.is_mysql:
        want = f"{nodes.primary['old'].position()},{nodes.primary['old'].value('SELECT @@server_uuid')}:100001-100003"
    else:
        domain_1 = next(item for item in nodes.primary["old"].position().split(",") if item.startswith("1-"))
        want = f"1-101-{int(domain_1.split('-')[2]) + 3},2-201-99999"
    answer = nodes.run("link-wait", "new", want, 600)
    assert answer["code"] == "timeout" and "lacks 3 transactions" in answer["msg"], "its own domain does not count"
    assert 500 < answer["took_ms"] < 2000


def test_tagged_transactions_travel_and_positions_cover_them(nodes):
    only_on_mysql(nodes)
    primary = nodes.primary["old"]
    primary.query("SET gtid_next = 'AUTOMATIC:tag'; INSERT INTO blog.notes (writer) VALUES (12);"
                  "SET gtid_next = 'AUTOMATIC'; INSERT INTO blog.notes (writer) VALUES (12)")
    position = primary.position()
    assert ":tag:1" in position
    nodes.ok("link-wait", "new", position, 5000)
    assert nodes.primary["new"].value("SELECT COUNT(*) FROM blog.notes WHERE writer = 12") == 2
    tag = f"{primary.value('SELECT @@server_uuid')}:tag"
    answer = nodes.run("link-wait", "new", f"{tag}:1-2", 300)
    assert answer["code"] == "timeout" and "lacks 1 transactions" in answer["msg"]
    assert nodes.ok("link-errant", "new")["errant"] == ""
    assert nodes.ok("fence-close", "old")["position"] == primary.position()


def test_a_link_stopped_by_a_conflict_tells_the_error(nodes):
    nodes.primary["new"].query("SET sql_log_bin = 0; INSERT INTO blog.notes (id, writer) VALUES (-1, 1)")
    nodes.primary["old"].query("INSERT INTO blog.notes (id, writer) VALUES (-1, 2)")
    try:
        answer = nodes.run("link-wait", "new", "now", 20000)
        assert (answer["code"], answer["native"]) == ("server", 1062), answer
        assert answer["took_ms"] < 5000
        assert nodes.run("link-healthy", "new", 5000)["native"] == 1062
        link = next(c for c in by_name(nodes, nodes.ok("probe", 3000))["new1"]["channels"] if c["name"] == "cutover_forward")
        for text in (answer["msg"], link["apply_error"]):
            assert "Duplicate entry '-1' for key" in text and "oordinator" not in text
            assert not nodes.is_mysql or nodes.primary["old"].value("SELECT @@server_uuid") in text, "the failed transaction"
        assert ("START REPLICA FOR CHANNEL" if nodes.is_mysql else "START SLAVE") + " 'cutover_forward'" in answer["hint"]
    finally:
        nodes.primary["new"].query("SET sql_log_bin = 0; DELETE FROM blog.notes WHERE id = -1")
        nodes.link("new", "START")
    nodes.ok("link-healthy", "new", 5000)
    nodes.ok("link-wait", "new", "now", 5000)


def test_a_transaction_that_only_new_has_is_errant(nodes):
    assert nodes.ok("link-errant", "new")["errant"] == ""
    nodes.link("old", "STOP")
    nodes.primary["new"].query("INSERT INTO blog.notes (writer) VALUES (9)")
    try:
        own = nodes.primary["new"].value("SELECT CONCAT(@@server_uuid, ':')" if nodes.is_mysql
                                         else "SELECT CONCAT(@@gtid_domain_id, '-', @@server_id, '-')")
        assert nodes.ok("link-errant", "new")["errant"].startswith(own)
    finally:
        nodes.link("old", "START")
    nodes.ok("link-wait", "old", "now", 5000)
    assert nodes.ok("link-errant", "new")["errant"] == ""


# --- events --------------------------------------------------------------------------------------------------------

def test_switching_events_keeps_definer_charset_and_mode_and_logs_nothing(nodes):
    old = nodes.primary["old"]
    old.query("SET sql_log_bin = 0, NAMES latin1, SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE DEFINER = app@'127.%%'"
              " EVENT blog.`hourly ``news``` ON SCHEDULE EVERY 1 HOUR DO SET @news = 'x'", ())
    look = ("SELECT definer, character_set_client AS charset, collation_connection, sql_mode, time_zone, event_definition,"
            " starts FROM information_schema.EVENTS WHERE event_name LIKE 'hourly%'")
    before, position = old.query(look), nodes.state("old")
    assert before[0]["charset"] == "latin1"
    try:
        assert nodes.ok("events", "old", "count") | {"took_ms": 0} == {
            "changed": 0, "enabled": 1, "waiting": 0, "took_ms": 0, "code": "ok"}
        off = nodes.ok("events", "old", "off")
        assert (off["changed"], off["enabled"], off["waiting"]) == (1, 0, 1)
        assert nodes.ok("events", "old", "off")["changed"] == 0
        on = nodes.ok("events", "old", "on")
        assert (on["changed"], on["enabled"], on["waiting"]) == (1, 1, 0), "DISABLED blog.tick is left alone"
        assert old.query(look) == before
        assert nodes.state("old") == position
    finally:
        old.query("SET sql_log_bin = 0; DROP EVENT blog.`hourly ``news```")


def test_an_event_that_fires_while_it_is_switched_off_stays_off(nodes):
    """The server's scheduler writes the status back that an event had when it began to fire: ALTER EVENT is undone by it."""
    primary = nodes.primary["old"]
    primary.query("SET sql_log_bin = 0; " + "; ".join(f"CREATE EVENT blog.busy{i} ON SCHEDULE EVERY 1 SECOND DO DO 0" for i in range(40)))
    second = "SELECT MOD(UNIX_TIMESTAMP(NOW(6)), 1)"
    try:
        for before_s in (0.10, 0.08, 0.06, 0.05, 0.04, 0.03):
            nodes.ok("events", "old", "on")
            wait_until(lambda before_s=before_s: float(primary.value(second)) > 1 - before_s, 30, "the second to end")
            nodes.ok("events", "old", "off")
            assert nodes.ok("events", "old", "count")["enabled"] == 0
    finally:
        primary.query("SET sql_log_bin = 0; " + "; ".join(f"DROP EVENT blog.busy{i}" for i in range(40)))



# --- heartbeat and sampler -----------------------------------------------------------------------------------------

def eventually(talk, is_so, what, deadline_s=8):
    last = []

    def look():
        last[:] = [talk.ask("read")]
        return is_so(last[0])

    try:
        wait_until(look, deadline_s, what)
    except Exception:
        print(json.dumps(last[0], indent=1))
        raise
    return last[0]


@pytest.fixture(name="monitor")
def running_monitor(nodes):
    talk = nodes.start("monitor")
    yield talk
    if talk.process.poll() is None:
        talk.end()


def samples(nodes, snapshot):
    return by_name(nodes, snapshot)


def test_the_heartbeat_arrives_everywhere_and_read_only_stops_it(nodes, monitor):
    monitor.ask("old on")
    monitor.ask("new on")
    eventually(monitor, lambda s: s["forward_lag"] is not None and s["forward_lag"] < 500 and all(
        n["old_lag"] is not None and n["old_lag"] < 500 and n["receive_lag"] is not None for n in s["nodes"]),
        "small lag everywhere")
    snapshot = eventually(monitor, lambda s: s["refused"][1] > 5, "beats refused on NEW")
    assert snapshot["written"][1] == 0
    assert snapshot["write_ms"][0] > 0 > snapshot["write_ms"][1], "how long a write takes is known where one was done"
    assert all(n["new_lag"] is None for n in snapshot["nodes"]), "NEW does not beat"
    assert snapshot["reverse_lag"] is not None and snapshot["reverse_lag"] < 1000, "but the link from it has everything"
    nodes.ok("fence-close", "old")
    snapshot = eventually(monitor, lambda s: s["refused"][0] > 5, "beats refused on OLD")
    written = snapshot["written"][0]
    snapshot = eventually(monitor, lambda s: all(n["old_lag"] is None for n in s["nodes"]), "a side that no longer beats")
    assert snapshot["written"][0] == written
    nodes.ok("fence-open", "old")
    eventually(monitor, lambda s: s["written"][0] > written + 3, "the heartbeat to come back by itself")
    monitor.ask("old off")
    before = monitor.ask("read")
    snapshot = eventually(monitor, lambda s: s["refused"][1] > before["refused"][1] + 5, "NEW's beats to go on meanwhile")
    assert snapshot["written"][0] == before["written"][0]


def test_a_stopped_link_is_infinitely_far_behind(nodes, monitor):
    monitor.ask("old on")
    eventually(monitor, lambda s: s["forward_lag"] is not None and s["forward_lag"] < 500, "small lag")
    nodes.link("new", "STOP")
    snapshot = eventually(monitor, lambda s: s["forward_lag"] is None, "infinite lag", 2)
    new1 = samples(nodes, snapshot)["new1"]
    assert (new1["has_link"], new1["link_running"], new1["old_lag"], new1["receive_lag"]) == (True, False, None, None)
    assert snapshot["conflicts"] == 0
    nodes.link("new", "START")
    eventually(monitor, lambda s: s["forward_lag"] is not None and s["forward_lag"] < 500, "small lag again")


def test_a_slow_link_shows_its_lag_and_keeps_it_apart_from_receiving(nodes, monitor):
    monitor.ask("old on")
    eventually(monitor, lambda s: s["forward_lag"] is not None and s["forward_lag"] < 500, "small lag")
    with nodes.primary["new"].connect() as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES cutover.heartbeat READ")  # the applier waits, the receiver does not
        snapshot = eventually(monitor, lambda s: (s["forward_lag"] or 0) > 1500, "growing lag")
        new1 = samples(nodes, snapshot)["new1"]
        assert new1["receive_lag"] is not None and new1["receive_lag"] < 500
        cursor.execute("UNLOCK TABLES")
    eventually(monitor, lambda s: s["forward_lag"] is not None and s["forward_lag"] < 500, "small lag again")


def test_a_conflict_is_counted_while_the_link_is_stopped_by_it(nodes, monitor):
    nodes.primary["new"].query("SET sql_log_bin = 0; INSERT INTO blog.notes (id, writer) VALUES (-2, 1)")
    nodes.primary["old"].query("INSERT INTO blog.notes (id, writer) VALUES (-2, 2)")
    try:
        snapshot = eventually(monitor, lambda s: s["conflicts"] == 1, "a conflict")
        assert samples(nodes, snapshot)["new1"]["link_errno"] == 1062
    finally:
        nodes.primary["new"].query("SET sql_log_bin = 0; DELETE FROM blog.notes WHERE id = -2")
        nodes.link("new", "START")
    eventually(monitor, lambda s: s["conflicts"] == 0 and s["forward_lag"] is not None, "no conflict")


def test_a_frozen_primary_is_unknown_and_does_not_hold_up_the_end(nodes, monitor):
    monitor.ask("old on")
    eventually(monitor, lambda s: s["forward_lag"] is not None and s["forward_lag"] < 500, "small lag")
    frozen = nodes.primary["old"]
    frozen.freeze()
    try:
        snapshot = eventually(monitor, lambda s: not samples(nodes, s)["old1"]["reached"], "old1 unknown", 4)
        assert snapshot["forward_lag"] is None and samples(nodes, snapshot)["old1"]["open"] == "unknown"
        assert monitor.ask("old off")["ms"] < 1500
        assert monitor.end()["end_ms"] < 3500
    finally:
        frozen.thaw()
    nodes.ok("link-healthy", "new", 15000)


@contextlib.contextmanager
def halting_proxy(server, pause_s):
    """A port that leads to the server. What it answers comes in two halves, once `is_halting` is set, with a pause between."""
    is_halting = threading.Event()

    def forward(source, target, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer and is_halting.is_set():
                    half = len(data) // 2
                    target.sendall(data[:half])
                    is_over.wait(pause_s)
                    data = data[half:]
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                onward = socket.create_connection((server.address, server.port))
                for one in (client, onward):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ends.extend((client, onward))
                for arguments in ((client, onward, False), (onward, client, True)):
                    threads.append(threading.Thread(target=forward, args=arguments))
                    threads[-1].start()

    is_over, ends = threading.Event(), []
    with socket.create_server((server.address, 0)) as listener:
        threads = [threading.Thread(target=serve)]
        threads[0].start()
        try:
            yield listener.getsockname()[1], is_halting
        finally:
            is_over.set()
            for end in (listener, *ends):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for end in ends:
                end.close()


@pytest.mark.parametrize("tls", ["verify-ca", "off"])
def test_a_node_that_halts_within_its_answers_holds_up_no_other(nodes, tls):
    """Reading from it would block: it is read when all has arrived."""
    slow, other = nodes.lab.new.replicas[0], nodes.lab.old.replicas[0]
    with halting_proxy(slow, 0.4) as (port, is_halting):
        def lead_through(config):
            config["tls"]["mode"] = tls
            config["new"]["replicas"][0]["port"] = port

        cfg = nodes.lab.config.variant(f"halting-{tls}", lead_through)
        talk = nodes.start("monitor", cfg=cfg)
        slow_name, other_name = f"{slow.address}:{port}", f"{other.address}:{other.port}"
        seen = {slow_name: set(), other_name: set()}

        def read():
            found = {node["name"]: node for node in talk.ask("read")["nodes"]}
            for name, times in seen.items():
                if found[name]["reached"]:
                    times.add(found[name]["asked_ms"])
            return seen

        wait_until(lambda: all(read().values()), 30, "both nodes to answer")
        is_halting.set()
        for times in seen.values():
            times.clear()
        wait_until(lambda: len(read()[slow_name]) >= 4, 30, "four answers with a halt in each")
        talk.end()
    assert len(seen[other_name]) >= 3 * len(seen[slow_name]), "it is asked ten times a second, whoever else halts"
