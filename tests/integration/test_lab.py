# SPDX-License-Identifier: MIT
"""The lab keeps its promises: what it starts is real, is what the tests believe it is, and goes away again."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pymysql
import pytest

from tests.lab import dataset
from tests.lab.lab import DNS_ONLY, PROXIED, REPOSITORY, Lab
from tests.lab.procs import LabError, wait_until
from tests.lab.servers import Died


@pytest.fixture(scope="module", name="lab")
def running_lab():
    with Lab(mb=1) as lab:
        yield lab


def test_a_write_on_the_old_primary_reaches_its_replica_over_tls(lab):
    lab.old.primary.query("INSERT INTO blog.settings VALUES ('test.replication', '🚢')")
    lab.old.wait_replicas()
    replica = lab.old.replicas[0]
    assert replica.value("SELECT value FROM blog.settings WHERE `key` = 'test.replication'") == "🚢"
    [link] = replica.links()
    assert link.runs and link.is_verified
    dump_thread = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'cutover_repl'"
    assert lab.old.primary.value(dump_thread) == 1


@pytest.mark.parametrize("role", ["controller", "monitor", "app"])
def test_every_account_logs_in_over_tls_on_every_node(lab, role):
    for server in lab.servers:
        with server.connect(lab.accounts[role]) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
            assert cursor.fetchone()["Value"].startswith("TLS_")


def test_only_the_old_primary_is_open(lab):
    is_closed = {server.name: bool(server.value("SELECT @@read_only")) for server in lab.servers}
    assert is_closed == {"old1": False, "old2": True, "new1": True, "new2": True}


def test_read_only_stops_the_monitor(lab):
    controller, monitor = lab.accounts["controller"], lab.accounts["monitor"]
    primary = lab.new.primary
    primary.query("SET sql_log_bin = 0; CREATE DATABASE cutover; CREATE TABLE cutover.t (id INT PRIMARY KEY)",
                  account=controller)
    with pytest.raises(pymysql.err.OperationalError, match="read-only"):
        primary.query("INSERT INTO cutover.t VALUES (1)", account=monitor)
    primary.query("SET sql_log_bin = 0; DROP DATABASE cutover", account=controller)


def test_new_is_empty_and_logged_nothing(lab):
    for server in lab.new.nodes:
        assert server.value("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'blog'") == 0
        assert server.position() == ""


def test_the_data_set_has_the_shape_of_a_blog_host(lab):
    primary = lab.old.primary
    columns = primary.query("SELECT data_type AS type, extra LIKE '%%GENERATED%%' AS is_generated"
                            " FROM information_schema.columns WHERE table_schema = 'blog'")
    kinds = {column["type"] for column in columns}
    assert kinds >= {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "bit", "year",
                     "date", "time", "datetime", "timestamp", "char", "varchar", "text", "mediumtext", "longtext",
                     "binary", "varbinary", "blob", "mediumblob", "enum", "set"}
    assert any(column["is_generated"] for column in columns)
    keyless = primary.query("""
        SELECT table_name AS name FROM information_schema.tables AS t WHERE table_schema = 'blog'
           AND table_type = 'BASE TABLE' AND NOT EXISTS (SELECT 1 FROM information_schema.table_constraints AS c
               WHERE c.table_schema = 'blog' AND c.table_name = t.table_name AND constraint_type = 'PRIMARY KEY')""")
    assert [row["name"] for row in keyless] == ["audit_log"]
    assert len(dataset.tables(primary)) > 12
    for table in set(dataset.tables(primary)) - {"event_ticks"}:
        assert primary.value(f"SELECT COUNT(*) FROM blog.{table}") > 0, table
    for what, count in {"triggers WHERE trigger_schema": 3, "events WHERE event_schema": 1,
                        "views WHERE table_schema": 1, "routines WHERE routine_schema": 2}.items():
        assert primary.value(f"SELECT COUNT(*) FROM information_schema.{what} = 'blog'") == count, what


def test_the_data_set_is_as_big_as_it_was_asked_to_be(lab):
    assert dataset.size_bytes(lab.old.primary) >= lab.mb * 1e6


def test_no_foreign_key_of_the_data_set_points_nowhere(lab):
    primary = lab.old.primary
    keys = primary.query("""
        SELECT table_name AS child, column_name AS child_column, referenced_table_name AS parent,
               referenced_column_name AS parent_column
          FROM information_schema.key_column_usage WHERE table_schema = 'blog' AND referenced_table_name IS NOT NULL""")
    assert len(keys) >= 10
    for key in keys:
        orphans = primary.value("SELECT COUNT(*) FROM blog.{child} AS c LEFT JOIN blog.{parent} AS p"
                                " ON p.{parent_column} = c.{child_column}"
                                " WHERE c.{child_column} IS NOT NULL AND p.{parent_column} IS NULL".format(**key))
        assert orphans == 0, key


def test_the_event_fires_on_the_old_primary_only(lab):
    wait_until(lambda: lab.old.primary.value("SELECT COUNT(*) FROM blog.event_ticks") >= 2, 30, "the event to fire")
    lab.old.wait_replicas()
    fired_on = lab.old.replicas[0].query("SELECT DISTINCT server_id FROM blog.event_ticks")
    assert fired_on == [{"server_id": 101}]


def test_names_resolve_through_the_caching_resolver(lab):
    lab.dns.resolver.flush()
    assert lab.dns.resolver.resolve(PROXIED)[0] == [lab.edge_address]
    addresses, ttl_s = lab.dns.resolver.resolve(DNS_ONLY)
    assert addresses == [lab.origins["old"]]
    assert ttl_s == 60


def test_the_resolver_holds_an_answer_until_its_ttl_has_run_out(lab):
    resolver, name = lab.dns.resolver, f"short.{lab.dns.zone}"
    lab.dns.publish(name, 1, ["127.0.0.8"])
    assert resolver.resolve(name) == (["127.0.0.8"], 1)
    lab.dns.publish(name, 1, ["127.0.0.9"])
    assert resolver.resolve(name)[0] == ["127.0.0.8"]
    wait_until(lambda: resolver.resolve(name)[0] == ["127.0.0.9"], 30, "the resolver to forget the old address")


def test_a_record_changed_at_cloudflare_arrives_at_every_authoritative_server(lab):
    lab.cloudflare.add_record(f"arrives.{lab.dns.zone}", "A", "192.0.2.1", ttl=2)
    assert lab.cloudflare.wait_carried()
    lab.dns.resolver.flush()
    assert lab.dns.resolver.resolve(f"arrives.{lab.dns.zone}") == (["192.0.2.1"], 2)


def test_the_edge_serves_the_proxied_name_from_the_old_side(lab):
    request = urllib.request.Request(f"http://{lab.edge_address}:{lab.site_port}/whoami",
                                     headers={"Host": f"{PROXIED}:{lab.site_port}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.headers["X-Lab-Side"] == "old"


def test_an_acknowledged_write_survives_kill_9_and_the_replica_goes_on(lab):
    primary = lab.old.primary
    primary.query("INSERT INTO blog.settings VALUES ('test.kill9', 'kept')")
    primary.kill9()
    assert not primary.answers()
    primary.start()
    assert primary.value("SELECT value FROM blog.settings WHERE `key` = 'test.kill9'") == "kept"
    primary.query("UPDATE blog.settings SET value = 'and changed' WHERE `key` = 'test.kill9'")
    lab.old.wait_replicas()
    assert lab.old.replicas[0].value("SELECT value FROM blog.settings WHERE `key` = 'test.kill9'") == "and changed"


def test_a_secret_is_readable_by_its_owner_only_unless_a_test_wants_it_otherwise(lab):
    modes = {path.name: path.stat().st_mode & 0o777 for path in (lab.cfg_path.parent / "secrets").iterdir()}
    assert set(modes) == {"controller", "monitor", "replication", "cloudflare-token"}
    assert set(modes.values()) == {0o600}
    lab.config.secret("leaky", "x", mode=0o644)
    assert (lab.cfg_path.parent / "secrets" / "leaky").stat().st_mode & 0o777 == 0o644


def test_options_of_a_server_can_be_broken_on_purpose(tmp_path):
    bad = {"new1": {"server-id": 101, "binlog-format": "STATEMENT"}, "old1": {"log-bin": None}}
    with Lab(tmp_path / "lab", mb=1, replicas=0, dns=False, site=False, options=bad) as lab:
        assert lab.old.primary.value("SELECT @@log_bin") == 0
        assert lab.new.primary.query("SELECT @@server_id AS id, @@binlog_format AS format") == [
            {"id": 101, "format": "STATEMENT"}]
        assert "dns" not in lab.config.settings


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(LabError, match="unknown variable 'no-such-option=1'"):
        Lab(tmp_path / "lab", mb=1, replicas=0, dns=False, site=False, options={"new1": {"no-such-option": 1}}).start()
    assert not (tmp_path / "lab").exists()


def test_a_server_that_ended_by_itself_is_told_with_its_log(lab):
    server = lab.old.replicas[0]
    os.kill(server.pid, signal.SIGABRT)
    wait_until(lambda: not server.is_running, 30, "the server to end")
    with pytest.raises(Died, match=r"has ended by itself, with -6\n(.*\n)+"):
        server.query("SELECT 1")
    server.start()
    lab.old.wait_replicas()


def test_a_folder_that_is_not_a_labs_is_left_alone(tmp_path):
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(LabError, match="was not made by a lab"):
        Lab(tmp_path).start()
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind_when_the_lab_is_told_to_stop_or_is_killed(tmp_path, number):
    root = tmp_path / "lab"
    command = [sys.executable, "-m", "tests.lab", "up", "--root", root, "--mb", "1"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as lab:
        first_line = lab.stdout.readline()
        assert first_line.startswith("The lab is up"), first_line
        servers = _children(lab.pid)
        assert len(servers) == 7  # 4 databases, 2 PowerDNS, 1 unbound
        lab.send_signal(number)
        assert lab.wait(20) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    wait_until(lambda: not any(_is_alive(pid) for pid in servers), 30, f"all of {servers} to be gone")
    if number == signal.SIGKILL:
        with Lab(root, mb=1, replicas=0, dns=False, site=False) as next_lab:  # the folder can be used again
            assert next_lab.old.primary.answers()
    assert not root.exists()


def test_ctrl_c_while_the_lab_is_starting_leaves_nothing_behind(tmp_path):
    root = tmp_path / "lab"
    command = [sys.executable, "-m", "tests.lab", "up", "--root", root, "--mb", "1"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as lab:
        servers = wait_until(lambda: _children(lab.pid), 30, "the first server to be started")
        lab.send_signal(signal.SIGINT)
        assert lab.communicate(timeout=20)[0] == ""
        assert lab.returncode == 0
    wait_until(lambda: not any(_is_alive(pid) for pid in servers), 30, f"all of {servers} to be gone")
    assert not root.exists()


def _children(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()]


def _is_alive(pid):
    """A zombie is dead; it only waits for whoever adopted it to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
