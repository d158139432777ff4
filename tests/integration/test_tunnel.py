# SPDX-License-Identifier: MIT
"""ssh = { tunnel = ...; }: every connection of the program to a database goes through the sshd of that database's host.
The lab's servers could be reached without it as well: that nothing passes when sshd does not is how a test tells."""

import glob
import os
import signal
import stat
import tempfile
import threading

import pymysql
import pytest

from tests.integration.service import DONE, FENCED, FENCED_BACK, UNDONE, Referee, Stage
from tests.integration.serving import Serving
from tests.lab.procs import wait_until

TRANSPORTS = ["library", "program"]
BULK_BYTES = 24 << 20
READERS = 4


@pytest.fixture(scope="module", autouse=True)
def own_folder():
    """The sockets' folders of this file's programs; /tmp has those of other tests as well, which try accounts from a host."""
    with tempfile.TemporaryDirectory(prefix="cutover-own-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield folder


@pytest.fixture(scope="module", name="stage")
def one_stage(own_folder):
    with Stage(mb=0, ssh=True) as stage:
        yield stage


@pytest.fixture(name="service")
def mirrored(stage):
    service = stage.service("mirrored")
    service.cfg = tunnelled(service, "library")
    service.fenced = service.playbook("fenced", "mirrored fenced", *FENCED)
    return service


def tunnelled(service, transport, **ssh):
    """A configuration in which every node is reached through its host; it waits for no cache to forget."""
    def edit(settings):
        settings["dns"].pop("resolvers")
        for side in ("old", "new"):
            settings[side]["ssh"].update(transport=transport, **ssh)
            for node in (settings[side]["primary"], *settings[side]["replicas"]):
                node["ssh"]["tunnel"] = f"{node['host']}:{node['port']}"
    return service.config(f"tunnelled-{transport}", edit)


def host_of(service, side="new"):
    return service.lab.hosts[service.primaries[side].name]


def folders():
    return glob.glob(f"{os.environ['XDG_RUNTIME_DIR']}/cutover-tunnel-*")


def paused_in(service, moment):
    """A run that stops at a moment of its step cut-over."""
    return service.start("run", service.fenced, "--yes", cfg=service.cfg,
                         env={"CUTOVER_FAILPOINT": f"pause@cut-over.{moment}"})


# --- what goes through -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("way", [*TRANSPORTS, "jump"])
def test_a_whole_cutover_and_the_way_back_go_through_tunnels(service, way):
    gate = host_of(service, "old")
    cfg = tunnelled(service, "library", jump=gate.known_as) if way == "jump" else tunnelled(service, way)
    with Referee(service) as referee:
        service.cutover("run", service.fenced, "--yes", cfg=cfg).ended(DONE)
        service.write("new")
        service.cutover("rollback", "--yes", "--playbook", service.playbook("back", "switched", *FENCED_BACK),
                        cfg=cfg).ended(DONE)
    assert ("old", "new") not in referee.seen
    service.check_promises()
    assert not folders()


def test_bulk_through_many_connections_comes_back_whole_while_both_ends_change_keys(service, monkeypatch):
    # libssh2 forgets the key of the host, 51 bytes, at each change of keys: github.com/libssh2/libssh2/pull/43
    monkeypatch.setenv("ASAN_OPTIONS", f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0")
    host = host_of(service)
    host.restart("RekeyLimit 1M")
    try:
        with Serving(service, service.cfg):
            found = [None] * READERS
            threads = [threading.Thread(target=read_bulk, args=(service, found, i)) for i in range(READERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == [BULK_BYTES] * READERS
    finally:
        host.restart()


def read_bulk(service, found, i):
    server = service.primaries["new"]
    socket = next(path for path in glob.glob(f"{folders()[0]}/*.sock") if leads_to(service, path, server))
    with connect(service, socket) as connection, connection.cursor() as cursor:
        total = 0
        for _ in range(BULK_BYTES >> 20):
            cursor.execute("SELECT REPEAT(%s, 1048576) AS bulk", (chr(97 + i),))
            [row] = cursor.fetchall()
            assert row["bulk"] == chr(97 + i) * 1048576
            total += len(row["bulk"])
        found[i] = total


def connect(service, socket):
    account = service.lab.accounts["monitor"]
    return pymysql.connect(unix_socket=socket, user=account.user, password=account.password,
                           cursorclass=pymysql.cursors.DictCursor)


def leads_to(service, socket, server):
    with connect(service, socket) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@server_id AS id")
        return cursor.fetchone()["id"] == server.value("SELECT @@server_id")


# --- what does not go through ------------------------------------------------------------------------------------

@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_is_in_the_way_is_told_apart_and_no_other_node_is_held_up(service, transport):
    cfg = tunnelled(service, transport)
    host = host_of(service)
    try:
        host.restart("AllowTcpForwarding no")
        assert "AllowTcpForwarding local" in unreached(service, cfg)
        host.stop()
        assert "Connection refused" in unreached(service, cfg)
        host.start()
        host.freeze()
        assert "within its time" in unreached(service, cfg)
    finally:
        host.restart()
    assert service.cutover("status", "--json", cfg=cfg).ended(DONE).json["situation"] == "mirrored"


def unreached(service, cfg):
    """What `status` says of NEW's primary, the only one that it does not reach."""
    nodes = service.cutover("status", "--json", cfg=cfg).ended(DONE).json["nodes"]
    server = service.primaries["new"]
    [error] = [node["error"] for node in nodes if not node["is_reached"]]
    assert [node["node"] for node in nodes if not node["is_reached"]] == [f"{server.address}:{server.port}"]
    assert "SSH tunnel: " in error, error
    return error


def test_the_replication_account_is_tried_from_the_host_that_will_use_it(service):
    host = host_of(service)
    user = service.lab.accounts["replication"].user
    assert login_problem(service) is None
    try:
        host.restart("PermitOpen 127.0.0.1:1")
        problem = login_problem(service)
        assert f"from {host.address}: " in problem and "AllowTcpForwarding local" in problem, problem
        host.restart()
        wrong = service.config("wrong", lambda c: c["accounts"]["replication"].update(
            password=service.lab.config.secret("wrong", "not the password")))
        problem = login_problem(service, wrong)
        assert f"from {host.address}: " in problem and f"Access denied for user '{user}'" in problem, problem
    finally:
        host.restart()
    assert login_problem(service) is None


def login_problem(service, cfg=None):
    """What `check` has against the replication account on OLD, or None. NEW's host has no tunnel: it is only logged in to."""
    found = service.cutover("check", "account.replication_login", "--json", cfg=cfg or service.hasty).json["findings"]
    return next((one["found"] for one in found if one["severity"] == "block" and "to OLD" in one["found"]), None)


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("moment", ["close-from.after-act", "compare-tail.after-act"])
def test_a_session_that_dies_inside_the_fence_ends_in_a_named_outcome_with_one_writer(service, moment, side):
    with Referee(service) as referee, paused_in(service, moment) as running:
        wait_until(running.is_paused, 60, f"the failpoint {moment}")
        host_of(service, side).kill_sessions()
        running.signal(signal.SIGCONT)
        ended = running.end(120)
    assert ("old", "new") not in referee.seen
    assert ended.code in (DONE, UNDONE), ended.text
    assert service.situation == ("switched" if ended.code == DONE else "mirrored"), ended
    service.write()
    service.check_promises()


def test_a_watch_goes_on_after_every_session_was_killed(service):
    hosts = service.lab.hosts.values()
    with Serving(service, service.cfg) as serving:
        wait_until(lambda: all_reached(serving), 30, "all nodes")
        before = sum(logins(host) for host in hosts)
        for host in hosts:
            host.kill_sessions()
        wait_until(lambda: sum(logins(host) for host in hosts) >= before + len(hosts), 30, "a new session on each host")
        wait_until(lambda: all_reached(serving), 30, "all nodes again")


def all_reached(serving):
    return all(node["is_reached"] for node in serving.json("/api/state")["nodes"])


def logins(host):
    return (host.folder / "sshd.log").read_text().count("Accepted publickey")


# --- the sockets -------------------------------------------------------------------------------------------------

def test_the_sockets_are_for_nobody_else_and_go_with_the_program_or_with_the_next_one(service):
    with paused_in(service, "close-from.before-act") as running:
        wait_until(running.is_paused, 60, "the run to stop")
        [folder] = folders()
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        sockets = glob.glob(f"{folder}/*.sock")
        assert len(sockets) == 4 and all(stat.S_IMODE(os.stat(path).st_mode) == 0o600 for path in sockets)
        service.cutover("status", cfg=service.cfg).ended(DONE)
        assert folders() == [folder], "a live one's stays, another's own goes"
        running.signal(signal.SIGTERM)
        running.signal(signal.SIGCONT)
        running.end(120)
    assert not folders()
    service.reach("mirrored")
    with service.start("serve", "--listen", "127.0.0.1:0", cfg=service.cfg) as serving:
        serving.wait_says("shows blog")
        serving.signal(signal.SIGKILL)
        serving.end()
    assert len(folders()) == 1
    service.cutover("status", cfg=service.cfg).ended(DONE)
    assert not folders()
