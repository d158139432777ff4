# SPDX-License-Identifier: MIT
"""seed { method = "clone" } on real MySQL servers, as a playbook runs it: with writes going on, interrupted, refused."""

import contextlib
import re
import signal
import subprocess

import pymysql
import pytest

from tests.integration import awkward
from tests.integration.service import REFUSED, UNDONE
from tests.lab import kinds, sshd
from tests.lab.lab import CUTOVER, Lab
from tests.lab.procs import wait_until
from tests.lab.servers import Absent

PLAYBOOK = """
playbook = {
  name = "clone"; about = "NEW becomes a copy of OLD and follows it."; needs = "apart";
  steps = ( { name = "seed"; action = "seed"; method = "clone"; },
            { name = "follow"; action = "follow"; }, { name = "verify"; action = "verify"; } );
};
"""
SLOW = PLAYBOOK.replace('"clone"; about', '"slow"; about').replace('method = "clone";', 'method = "clone"; rate = {rate};')
MIB = 1 << 20
RESET = """
playbook = { name = "reset"; about = "NEW is empty."; needs = [ "apart", "following" ];
             steps = ( { name = "reset"; action = "reset"; } ); };
"""


@pytest.fixture(scope="module")
def lab():
    try:
        kinds.find("mysql")
    except Absent as absent:
        pytest.skip(str(absent))
    with Lab(mb=2, dns=False, cloudflare=False, site=False, ssh=True, old="mysql", new="mysql") as lab:
        awkward.plant(lab)
        for name, text in (("clone", PLAYBOOK), ("slow", SLOW.replace("{rate}", str(3 * MIB))),
                           ("too-slow", SLOW.replace("{rate}", str(MIB - 1))), ("reset", RESET)):
            (lab.root / f"{name}.cfg").write_text(text)
        yield lab


def run(lab, name):
    return lab.cutover("run", lab.root / f"{name}.cfg", "--yes")


def test_a_database_that_the_service_does_not_list_is_named_and_nothing_is_touched(lab):
    uptime = "SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime'"
    for cluster, what in ((lab.old, "take it along"), (lab.new, "throw it away")):
        for server in cluster.nodes:
            server.query("SET sql_log_bin = 0; SET GLOBAL super_read_only = 0; CREATE DATABASE `left-over`;"
                         " CREATE TABLE `left-over`.t (a INT PRIMARY KEY)")
        before = int(lab.new.primary.value(uptime))
        done = run(lab, "clone")
        for server in cluster.nodes:
            server.query("SET sql_log_bin = 0; SET GLOBAL super_read_only = 0; DROP DATABASE `left-over`")
        assert done.returncode == REFUSED, done.stdout + done.stderr
        assert '"left-over"' in done.stderr and what in done.stderr
        assert int(lab.new.primary.value(uptime)) >= before


def refused(lab, words):
    """The run is refused with these words, and nothing of NEW is gone."""
    new = lab.new.primary
    new.query("SET sql_log_bin = 0; SET GLOBAL super_read_only = 0; CREATE DATABASE IF NOT EXISTS blog")
    done = run(lab, "clone")
    there = new.query("SHOW DATABASES LIKE 'blog'")
    new.query("SET sql_log_bin = 0; SET GLOBAL super_read_only = 0; DROP DATABASE blog")
    assert done.returncode == REFUSED and re.search(words, " ".join(done.stderr.split())), done.stderr
    assert there


def test_logs_that_would_be_gone_before_the_last_clone_has_ended_are_named_and_nothing_is_touched(lab):
    lab.old.primary.query("SET GLOBAL binlog_expire_logs_seconds = 1")
    refused(lab, "throws binary logs away after 1.0 s; 2 times [0-9]+ MB")
    lab.old.primary.query("SET GLOBAL binlog_expire_logs_seconds = DEFAULT")


def test_a_disk_that_is_too_small_is_named_and_nothing_is_touched(lab, tmp_path):
    with sshd.small_disk(lab.hosts[lab.new.primary.name], tmp_path / "bin"):
        refused(lab, "the disk of .* has room for 0.000 GB, with what it holds now; what comes needs 0.[0-9]+ GB")


CLONES = "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'CLONE%%'"
STUCK = "has not answered since its clone was stopped"


def interrupt(lab, meanwhile=lambda: None, name="clone", how=signal.SIGINT):
    """Begin a clone, let something happen to it, and stop it by a signal; what was said."""
    running = subprocess.Popen([CUTOVER, "-c", lab.cfg_path, "run", lab.root / f"{name}.cfg", "--yes"], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_until(lambda: lab.new.primary.query(CLONES), 30, "the clone")
    meanwhile()
    running.send_signal(how)
    output = running.communicate(timeout=120)[0]
    assert running.returncode != 0, output
    return output


def test_a_clone_that_is_interrupted_leaves_new_closed_and_begins_again(lab):
    output = interrupt(lab)
    if STUCK in output:  # MySQL 9.7 does that now and then: do what the hint says
        lab.new.primary.kill9()
        lab.new.primary.start()
    wait_until(lab.new.primary.answers, 30, "NEW's primary")
    assert lab.new.primary.value("SELECT @@GLOBAL.read_only") == 1
    aborted = lab.cutover("abort", "--yes")
    assert "Situation  apart" in output + aborted.stdout + aborted.stderr


def test_a_server_that_hangs_in_its_clone_is_given_up_and_named(lab):
    output = interrupt(lab, lab.new.primary.freeze)
    try:
        assert STUCK in output and "kill its mysqld" in " ".join(output.split()), output
    finally:
        lab.new.primary.kill9()
        lab.new.primary.start()
    assert lab.new.primary.value("SELECT @@GLOBAL.read_only") == 1
    assert "Situation  apart" in lab.cutover("abort", "--yes").stdout


DONORS = "SELECT COALESCE(@@GLOBAL.clone_valid_donor_list, 'none')"
LIMITS = "SELECT CONCAT(@@GLOBAL.clone_max_data_bandwidth, ' ', @@GLOBAL.clone_max_network_bandwidth)"


def test_a_rate_that_no_clone_can_keep_is_refused_and_nothing_is_touched(lab):
    done = run(lab, "too-slow")
    assert done.returncode == REFUSED, done.stdout + done.stderr
    assert "less than 1 MiB" in done.stderr
    assert lab.new.primary.value(LIMITS) == "0 0"


def is_over(server):
    """No clone is under way there, and it has restarted if one came through."""
    state = "SELECT STATE FROM performance_schema.clone_status"
    with contextlib.suppress(pymysql.OperationalError):  # it may go while it is asked
        return server.answers() and not server.query(CLONES) and server.value(state) != "In Progress"
    return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_a_rate_limits_the_recipient_and_what_was_set_there_is_put_back(lab, how):
    """How exactly it is kept is the server's: here is looked at what it was told. So is from where it may be cloned."""
    new, seen = lab.new.primary, []
    new.query("SET GLOBAL clone_valid_donor_list = '127.0.0.9:9,localhost:8'")
    new.query("SET GLOBAL clone_max_data_bandwidth = 77, clone_max_network_bandwidth = 78")
    output = interrupt(lab, lambda: seen.append(new.value(LIMITS)), "slow", how)
    assert seen == ["3 3"]
    if STUCK in output:
        new.kill9()
        new.start()
    wait_until(lambda: is_over(new), 60, "the clone to be over")
    aborted = lab.cutover("abort", "--yes", timeout=200)
    assert "Situation  apart" in output + aborted.stdout + aborted.stderr, aborted.stdout + aborted.stderr
    assert new.value(LIMITS) == "77 78"
    assert new.value(DONORS) == "127.0.0.9:9,localhost:8"
    new.query("SET GLOBAL clone_valid_donor_list = NULL")
    new.query("SET GLOBAL clone_max_data_bandwidth = 0, clone_max_network_bandwidth = 0")


def has_dropped(server):
    """The clone has thrown away what was there, and has not ended."""
    return server.query("SELECT 1 FROM performance_schema.clone_progress WHERE STAGE = 'FILE COPY' AND STATE = 'In Progress'")


def interrupt_late(lab, how):
    new = lab.new.primary
    output = interrupt(lab, lambda: wait_until(lambda: has_dropped(new), 60, "the clone to drop what NEW held"), "slow", how)
    if STUCK in output:
        new.kill9()
        new.start()
    return output


LEFT = r"was cut short and left \d+ folder\(s\) of databases that are gone"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_a_clone_that_ends_when_nothing_is_left_on_new_is_undone_and_the_next_one_goes_over_what_it_left(lab, how):
    """Our own lease is not there any more, either; MySQL neither uses nor removes the folders."""
    new = lab.new.primary
    output = interrupt_late(lab, how)
    assert "another controller" not in output, output
    said = lab.cutover("abort", "--yes", timeout=200)
    assert said.returncode == 0 and "Situation  apart" in said.stdout, said.stdout + said.stderr
    left = [name for name in ("blog", "cutover") if (new.data / name).exists()]
    known = [row["Database"] for row in new.query("SHOW DATABASES")]
    if "blog" in left and "blog" not in known:  # not when it went with its server
        assert re.search(LEFT, " ".join((output + said.stderr).split())), output + said.stderr
    done = run(lab, "clone")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(lab, "reset").returncode == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_a_clone_that_ends_when_nothing_is_left_on_new_is_gone_on_with(lab, how):
    interrupt_late(lab, how)
    done = lab.cutover("run", "--resume", "--yes", timeout=300)
    assert done.returncode == 0 and "0 difference(s)" in done.stdout + done.stderr, done.stdout + done.stderr
    assert [server.value(DONORS) for server in lab.new.nodes] == ["none", "none"]
    assert run(lab, "reset").returncode == 0


def test_a_folder_that_a_clone_left_of_a_database_that_is_gone_is_named(lab):
    """One that is killed after it has thrown them away leaves them; the server does nothing with them any more."""
    left = lab.new.primary.data / "blog"
    left.mkdir()
    try:
        done = run(lab, "reset")
        assert done.returncode == UNDONE and "left the folder of a database that is gone: remove it" in done.stderr, done.stderr
    finally:
        left.rmdir()
    assert run(lab, "reset").returncode == 0


def test_everything_of_old_is_on_every_node_of_new(lab):
    uuids = [server.value("SELECT @@server_uuid") for server in lab.new.nodes]
    with awkward.Writer(lab.old.primary) as writer:
        wait_until(lambda: writer.count > 20, 30, "the writer")
        done = run(lab, "clone")
        assert done.returncode == 0, done.stdout + done.stderr
        said = " ".join((done.stdout + done.stderr).split())
        assert said.count("MySQL says that it is complete (performance_schema.clone_status)") == len(lab.new.nodes), said
        assert writer.count > 100, "the writer stood still, so this proves nothing"
    old = lab.old.primary
    old.query("SET GLOBAL event_scheduler = OFF")  # the last one that writes
    lab.new.primary.wait_applied(old.position())
    lab.new.wait_replicas()
    made, programs = awkward.statements(old), awkward.programs(old)
    expected = {name: awkward.rows(old, name) for name in made}
    assert [server.value("SELECT @@server_uuid") for server in lab.new.nodes] == uuids
    for server in lab.new.nodes:
        assert awkward.statements(server) == made
        assert awkward.programs(server) == programs
        for name, rows in expected.items():
            assert awkward.rows(server, name) == rows, (server, name)
        waiting = server.query("SELECT DISTINCT STATUS AS is_so FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'blog'")
        assert "ENABLED" not in [row["is_so"] for row in waiting]
        assert server.value("SELECT @@GLOBAL.read_only") == 1
    assert run(lab, "reset").returncode == 0
