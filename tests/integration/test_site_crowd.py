# SPDX-License-Identifier: MIT
"""The site, the crowd and the audit, on a real database and real DNS.

Both sides' sites share one database, unless a test says otherwise: replication without lag, so that
whatever is lost or doubled was lost or doubled by the site, the crowd, or on purpose.
"""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pymysql
import pytest

from tests.lab import accounts, crowd_ledger, kinds, mariadb, ports, tls
from tests.lab.cloudflare import Cloudflare
from tests.lab.crowd import Client, Crowd, Plan
from tests.lab.crowd_audit import audit
from tests.lab.crowd_pauses import Pauses
from tests.lab.database import Database
from tests.lab.edge import Edge
from tests.lab.powerdns import PowerDns
from tests.lab.procs import wait_until
from tests.lab.servers import Server, stop_all
from tests.lab import site as site_module
from tests.lab.site import Site
from tests.lab.unbound import Unbound

ROOT = Path(__file__).parents[2]
ZONE = "ghost.org"
PROXIED, DIRECT = "www.ghost.org", "api.ghost.org"
SCHEMA = """
CREATE DATABASE blog CHARACTER SET utf8mb4;
CREATE TABLE blog.signups (
  id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NOT NULL UNIQUE,
  token CHAR(32) NOT NULL UNIQUE, state ENUM('reserved','confirmed') NOT NULL,
  side VARCHAR(8) NOT NULL, reserved_at DATETIME(6) NOT NULL, confirmed_at DATETIME(6) NULL,
  confirmed_side VARCHAR(8) NULL);
CREATE TABLE blog.users (
  id BIGINT AUTO_INCREMENT PRIMARY KEY, signup_id BIGINT NOT NULL UNIQUE,
  name VARCHAR(64) NOT NULL UNIQUE, created_at DATETIME(6) NOT NULL,
  FOREIGN KEY (signup_id) REFERENCES signups (id) ON DELETE CASCADE);
CREATE TABLE blog.posts (
  id BIGINT AUTO_INCREMENT PRIMARY KEY, token CHAR(32) NOT NULL, user_name VARCHAR(64) NOT NULL,
  title VARCHAR(200) NOT NULL, body MEDIUMTEXT NOT NULL, side VARCHAR(8) NOT NULL,
  created_at DATETIME(6) NOT NULL, KEY (token), KEY (user_name));
CREATE USER app@'127.%' IDENTIFIED BY 'app';
GRANT ALL ON blog.* TO app@'127.%';
"""


@pytest.fixture(scope="module")
def network():
    network = ports.Network()
    yield network
    network.release()


CACHE = ROOT / "build" / "lab-cache"
BOTH_FLAVOURS = pytest.mark.parametrize("kind", ["mariadb", "mysql"], indirect=True)


@pytest.fixture(scope="module")
def server(network, tmp_path_factory):
    kind = kinds.find(kinds.default("old"))
    server = Server(kind, tmp_path_factory.mktemp("db"), "db", network.address(11), 11, kind.empty_template(CACHE),
                    tls=tls.create(tmp_path_factory.mktemp("db-tls") / "tls", [network.address(11)]))
    server.start()
    server.query(SCHEMA)
    yield server
    server.kill9()


@pytest.fixture
def database(server):
    yield Database(server.address, server.port, "app", "app", ca=str(server.tls.ca))
    server.query("SET GLOBAL read_only = 0; DELETE FROM blog.posts; DELETE FROM blog.signups")


@pytest.fixture
def sites(request):
    """OLD and NEW on one port, each at its own address, as the edge needs it."""
    return request.getfixturevalue(getattr(request, "param", "twin_sites"))


@pytest.fixture
def twin_sites(network, database):
    addresses = [network.address(21), network.address(22)]
    port = ports.free_port([*addresses, network.address(9)])
    started = {side: Site(side, address, port, database).start()
               for side, address in zip(("old", "new"), addresses)}
    yield started
    for site in started.values():
        site.stop()


@pytest.fixture
def town(network, sites, tmp_path):
    """Everything between a visitor and the sites: both names point at OLD."""
    authoritative = PowerDns(tmp_path / "pdns", "ns1", network.address(53), ZONE, ["ns1.lab"])
    resolver = Unbound(tmp_path / "unbound", "resolver", network.address(54), ZONE, [authoritative])
    authoritative.start()
    resolver.start()
    edge = Edge(network.address(9), sites["old"].port).start()
    api = Cloudflare({ZONE: "lab"}, dns={"ns1": authoritative}, edge=edge).start()
    api.add_record(PROXIED, "A", sites["old"].address, proxied=True)
    api.add_record(DIRECT, "A", sites["old"].address, ttl=2)
    assert api.wait_carried()
    api.resolver = (resolver.address, resolver.port)
    yield api
    api.stop()
    edge.stop()
    resolver.stop()
    authoritative.stop()


def plan_of(town, sites, **changes):
    return Plan(**{"names": {PROXIED: "proxied", DIRECT: "dns-only"}, "resolver": town.resolver,
                   "port": sites["old"].port, "think_s": (0.2, 1.5), **changes})


def flip(town, site):
    for name in (PROXIED, DIRECT):
        town.edit(name, "A", content=site.address)


def sides_seen(crowd):
    return {line["side"] for line in crowd_ledger.read(crowd.ledger.path)[-20:]
            if line["event"] == "acknowledged"}


def wait_acknowledged(crowd, count):
    wait_until(lambda: crowd.ledger.count("acknowledged") >= count, 30, f"{count} writes")


class Visitor:
    """Speaks to one site directly."""

    def __init__(self, site):
        self._http = http.client.HTTPConnection(site.address, site.port, timeout=20)

    def __call__(self, method, path, body=None):
        self._http.request(method, path, body and json.dumps(body).encode())
        answer = self._http.getresponse()
        self.side = answer.getheader("X-Lab-Side")
        return answer.status, json.loads(answer.read())


def post_body(token):
    return {"token": token, "user_name": "u", "title": "t", "body": "b"}


# -- the site -------------------------------------------------------------------------------------

def test_a_sign_up_begins_on_one_side_and_is_confirmed_on_the_other(sites):
    old, new, token = Visitor(sites["old"]), Visitor(sites["new"]), uuid.uuid4().hex
    assert old("GET", "/whoami") == (200, {"side": "old"})
    assert old("POST", "/signup", {"name": "ann", "token": token})[0] == 200
    assert new("POST", "/confirm", {"token": token})[0] == 200
    status, row = old("GET", f"/signup?token={token}")
    assert (status, row["side"], row["state"], row["confirmed_side"]) == (
        200, "old", "confirmed", "new")
    assert (old.side, new.side) == ("old", "new")


def test_a_repeated_write_meets_itself(sites):
    visit, token = Visitor(sites["old"]), uuid.uuid4().hex
    visit("POST", "/signup", {"name": "bob", "token": token})
    for method, path, body in (("POST", "/signup", {"name": "bob", "token": "f" * 32}),
                               ("POST", "/signup", {"name": "bob", "token": token})):
        status, answer = visit(method, path, body)
        assert (status, answer["token"]) == (409, token)
    visit("POST", "/confirm", {"token": token})
    assert visit("POST", "/confirm", {"token": token})[0] == 409


def test_what_is_not_there_is_404_and_nonsense_is_400(sites):
    visit = Visitor(sites["old"])
    assert visit("GET", f"/post?token={'0' * 32}")[0] == 404
    assert visit("POST", "/confirm", {"token": "0" * 32})[0] == 404
    assert visit("POST", "/signup", {"name": "x"})[0] == 400
    assert visit("GET", "/nowhere")[0] == 404


def test_a_fenced_database_refuses_and_nothing_is_written(sites, server):
    visit, token = Visitor(sites["old"]), uuid.uuid4().hex
    server.query("SET GLOBAL read_only = 1")
    assert visit("POST", "/post", post_body(token)) == (503, {"error": "read-only"})
    server.query("SET GLOBAL read_only = 0")
    assert visit("GET", f"/post?token={token}")[0] == 404


def app_threads(server, state="%"):
    return [row["ID"] for row in server.query(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'app'"
        " AND COALESCE(STATE, '') LIKE %s", (state,))]


def test_killed_pool_connections_are_replaced_unseen(sites, server):
    visit = Visitor(sites["old"])
    assert visit("POST", "/post", post_body(uuid.uuid4().hex))[0] == 200
    for thread in app_threads(server):
        server.query(f"KILL {thread}")
    assert visit("POST", "/post", post_body(uuid.uuid4().hex))[0] == 200


def test_a_site_that_nobody_visits_leaves_its_database_alone(sites, server):
    visit = Visitor(sites["old"])
    assert visit("POST", "/post", post_body(uuid.uuid4().hex))[0] == 200
    assert app_threads(server)
    wait_until(lambda: not app_threads(server), 30, "the idle sessions to end")
    assert visit("POST", "/post", post_body(uuid.uuid4().hex))[0] == 200


def test_a_connection_lost_in_commit_is_unknown(sites, server):
    if server.kind.flavour != "mariadb":
        pytest.skip("only MariaDB has a lock that makes COMMIT wait and nothing before it")
    visit, token, answers = Visitor(sites["old"]), uuid.uuid4().hex, []
    with server.connect() as blocker, blocker.cursor() as cursor:
        cursor.execute("BACKUP STAGE START; BACKUP STAGE BLOCK_COMMIT")
        while cursor.nextset():
            pass
        writer = threading.Thread(
            target=lambda: answers.append(visit("POST", "/post", post_body(token))))
        writer.start()
        [thread] = wait_until(lambda: app_threads(server, "Waiting for backup lock"), 10,
                              "the COMMIT waits")
        server.query(f"KILL {thread}")
        writer.join(10)
        cursor.execute("BACKUP STAGE END")
    [(status, answer)] = answers
    assert (status, answer["error"]) == (500, "unknown")


# -- the crowd ------------------------------------------------------------------------------------

def test_the_crowd_follows_a_flip_and_nothing_is_lost(town, sites, database, tmp_path):
    crowd = Crowd(plan_of(town, sites), tmp_path / "ledger").start()
    wait_acknowledged(crowd, 200)
    assert sides_seen(crowd) == {"old"}
    crowd.mark("there")
    flip(town, sites["new"])
    wait_until(lambda: sides_seen(crowd) == {"new"}, 30, "everybody is on NEW")
    crowd.mark("back")
    flip(town, sites["old"])
    wait_until(lambda: sides_seen(crowd) == {"old"}, 30, "everybody is back")
    crowd.stop()

    result, verdict = crowd.result(), audit(crowd.ledger.path, database, database, settled=True)
    assert verdict.is_clean, verdict
    assert verdict.acknowledged == result["acknowledged"] > 400
    assert verdict.by_side.keys() == {"old", "new"}
    assert min(verdict.cross_side_signups.values()) > 0
    assert [w["label"] for w in result["pauses"]["windows"]] == ["start", "there", "back"]
    assert result["pauses"]["total"]["by_kind"].keys() == {"proxied", "dns-only"}
    assert result["longest_pause_ms"] < 2000
    assert result["writes_per_s"] > 50


def test_a_fence_shows_as_a_pause_and_costs_no_write(town, sites, server, database, tmp_path):
    crowd = Crowd(plan_of(town, sites), tmp_path / "ledger").start()
    wait_acknowledged(crowd, 100)
    crowd.mark("fence")
    wait_acknowledged(crowd, crowd.ledger.count("acknowledged") + 20)  # a pause of its own window
    server.query("SET GLOBAL read_only = 1")
    refused = crowd.result()["refused"]
    wait_until(lambda: crowd.result()["refused"] > refused + 30, 30, "the crowd is refused")
    server.query("SET GLOBAL read_only = 0")
    wait_acknowledged(crowd, crowd.ledger.count("acknowledged") + 100)
    crowd.stop()
    [before, fence] = crowd.result()["pauses"]["windows"]
    assert fence["gap_ms"] > before["gap_ms"]
    assert fence["client_ms"] >= fence["gap_ms"]
    assert audit(crowd.ledger.path, database, database, settled=True).is_clean


def test_a_lost_answer_is_looked_up_and_never_repeated(
        town, sites, database, tmp_path, monkeypatch):
    answer, posts = site_module._Handler._reply, itertools.count(1)

    def answer_most(handler, status, text):
        if handler.command == "POST" and next(posts) % 20 == 0:
            return handler.hang_up()
        return answer(handler, status, text)

    monkeypatch.setattr(site_module._Handler, "_reply", answer_most)
    crowd = Crowd(plan_of(town, sites), tmp_path / "ledger").start()
    wait_acknowledged(crowd, 300)
    crowd.stop()
    verdict = audit(crowd.ledger.path, database, database, settled=True)
    assert verdict.is_clean, verdict
    assert verdict.ambiguous["total"] == verdict.ambiguous["applied"] >= 10


def test_a_crowd_with_a_crashed_client_does_not_pass(town, sites, tmp_path, monkeypatch):
    monkeypatch.setattr(Client, "_choose", lambda self: 1 / 0)
    crowd = Crowd(plan_of(town, sites, clients=1), tmp_path / "ledger").start()
    wait_until(lambda: not crowd.is_running, 30, "the client to crash")
    with pytest.raises(RuntimeError, match="1 clients crashed"):
        crowd.stop()


def test_a_site_that_dies_leaves_ambiguous_writes_and_none_is_doubled(
        town, sites, database, tmp_path):
    crowd = Crowd(plan_of(town, sites, lookup_s=2), tmp_path / "ledger").start()
    wait_acknowledged(crowd, 100)
    old = sites["old"]
    for _ in range(3):
        old.stop()
        old = sites["old"] = Site("old", old.address, old.port, database).start()
        wait_acknowledged(crowd, crowd.ledger.count("acknowledged") + 100)
    crowd.stop()
    verdict = audit(crowd.ledger.path, database, database, settled=True)
    assert verdict.is_clean, verdict
    ambiguous = verdict.ambiguous
    assert ambiguous["total"] == (ambiguous["applied"] + ambiguous["abandoned_there"]
                                  + ambiguous["abandoned_absent"])


def test_the_crowd_as_a_process_stops_cleanly_on_sigterm(town, sites, database, tmp_path):
    ledger, result = tmp_path / "ledger", tmp_path / "result.json"
    resolver = "{}:{}".format(*town.resolver)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.lab.crowd", "--resolver", resolver, "--control",
         "--name", f"{PROXIED}=proxied", "--name", f"{DIRECT}=dns-only",
         "--port", str(sites["old"].port), "--ledger", ledger, "--result", result],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("mark there\n")
        process.stdin.flush()
        wait_until(lambda: ledger.read_text().count("acknowledged") > 100, 30, "writes")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0
    figures = json.loads(result.read_text())
    verdict = audit(ledger, database, database, settled=True)
    assert verdict.is_clean
    assert verdict.acknowledged == figures["acknowledged"] > 100
    assert [w["label"] for w in figures["pauses"]["windows"]] == ["start", "there"]


# -- two sides that replicate to each other -------------------------------------------------------

@pytest.fixture
def kind(request):
    return kinds.find(request.param)


@pytest.fixture
def ring(network, kind, tmp_path):
    """OLD and NEW, both open, each following the other, auto_increment staggered."""
    addresses = {"old": network.address(31), "new": network.address(32)}
    certificates = tls.create(tmp_path / "tls", addresses.values())
    replication = accounts.Account("repl", "repl")
    servers = {side: Server(kind, tmp_path / side, side, address, number, kind.empty_template(CACHE),
                            domain_id=mariadb.DOMAIN[side], tls=certificates,
                            options={"auto-increment-increment": 2, "auto-increment-offset": number})
               for number, (side, address) in enumerate(addresses.items(), start=1)}
    try:
        for server in servers.values():
            server.start()
            server.query("SET sql_log_bin = 0; CREATE USER repl@'127.%' IDENTIFIED BY 'repl';"
                         "GRANT REPLICATION SLAVE ON *.* TO repl@'127.%';" + SCHEMA)
        servers["old"].follow(servers["new"], replication)
        servers["new"].follow(servers["old"], replication)
        yield servers
    finally:
        stop_all(servers.values(), clean=False)


@pytest.fixture
def ring_sites(network, ring):
    addresses = {"old": network.address(21), "new": network.address(22)}
    port = ports.free_port([*addresses.values(), network.address(9)])
    started = {side: Site(side, addresses[side], port, ring_database(server)).start()
               for side, server in ring.items()}
    yield started
    for site in started.values():
        site.stop()


def ring_database(server):
    return Database(server.address, server.port, "app", "app", ca=str(server.tls.ca))


def settle(ring):
    for here, there in (("old", "new"), ("new", "old")):
        ring[here].wait_applied(ring[there].position())


@BOTH_FLAVOURS
@pytest.mark.parametrize("sites", ["ring_sites"], indirect=True)
def test_a_shared_crossing_breaks_no_channel_and_loses_nothing(town, sites, ring, tmp_path):
    crowd = Crowd(plan_of(town, sites), tmp_path / "ledger").start()
    wait_acknowledged(crowd, 200)
    flip(town, sites["new"])
    wait_until(lambda: sides_seen(crowd) == {"new"}, 30, "everybody is on NEW")
    wait_acknowledged(crowd, crowd.ledger.count("acknowledged") + 200)
    crowd.stop()
    settle(ring)

    databases = [ring_database(ring[side]) for side in ("old", "new")]
    verdict = audit(crowd.ledger.path, *databases, settled=True)
    assert verdict.is_clean, verdict
    assert verdict.cross_side_signups["old->new"] > 0

    ring["new"].query("SET sql_log_bin = 0; DELETE FROM blog.posts ORDER BY id LIMIT 1")
    assert audit(crowd.ledger.path, *databases, settled=True).lost_on == {"old": 0, "new": 1}


# -- the audit must be able to fail ---------------------------------------------------------------

@pytest.fixture
def promises(sites, database, tmp_path):
    """A ledger of three writes that were made: sign-up, confirmation, post."""
    ledger, visit = crowd_ledger.Ledger(tmp_path / "ledger"), Visitor(sites["old"])
    token, post = uuid.uuid4().hex, uuid.uuid4().hex
    visit("POST", "/signup", {"name": "u", "token": token})
    visit("POST", "/confirm", {"token": token})
    visit("POST", "/post", post_body(post))
    for kind, key, digest in (("signup", token, ""), ("confirm", token, ""),
                              ("post", post, crowd_ledger.digest("t", "b"))):
        ledger.write("acknowledged", client=0, kind=kind, token=key, user="u", side="old",
                     after="answer", digest=digest)
    ledger.close()
    return ledger.path


def test_the_audit_passes_what_is_there_once(promises, database):
    verdict = audit(promises, database, database, settled=True)
    assert (verdict.acknowledged, verdict.is_clean) == (3, True)


@pytest.mark.parametrize(("damage", "figure", "count"), [
    ("DELETE FROM blog.posts", "lost", 1),
    ("DELETE FROM blog.users", "lost", 1),
    ("DELETE FROM blog.signups", "lost", 2),
    ("INSERT INTO blog.posts (token, user_name, title, body, side, created_at)"
     " SELECT token, user_name, title, body, side, created_at FROM blog.posts", "doubled", 1),
    ("UPDATE blog.posts SET body = 'other'", "altered", 1),
    ("UPDATE blog.signups SET state = 'reserved'", "altered", 1),
])
def test_the_audit_finds_damage(promises, server, database, damage, figure, count):
    server.query(damage)
    verdict = audit(promises, database, database, settled=True)
    assert not verdict.is_clean
    assert getattr(verdict, figure) == count
    assert verdict.findings


def test_the_audit_needs_sides_at_rest_and_reachable(promises, database):
    with pytest.raises(ValueError, match="settled"):
        audit(promises, database, database, settled=False)
    nowhere = Database(database.host, 1, "app", "app")
    with pytest.raises(pymysql.MySQLError):
        audit(promises, database, nowhere, settled=True)


# -- pauses ---------------------------------------------------------------------------------------

class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_pauses_are_told_apart_by_window_kind_and_client():
    clock = Clock()
    pauses = Pauses(clock)
    pauses.start()
    for at, client, kind, takes in ((1, "a", "proxied", 0.1), (2, "b", "dns-only", 3),
                                    (6, "a", "proxied", 0.2)):
        clock.now = at
        pauses.want(client, kind)
        clock.now = at + takes
        if client == "b":
            pauses.mark("crossing")
        pauses.done(client)
    clock.now = 7
    pauses.end()
    clock.now = 99
    [start, crossing] = pauses.report()["windows"]
    assert (start["label"], start["seconds"], start["acknowledged"]) == ("start", 5, 1)
    assert (start["client_ms"], start["gap_ms"]) == (3000, 3900), "a mark cuts no pause in half"
    assert (crossing["client_ms"], crossing["gap_ms"]) == (200, 1200)
    assert crossing["by_kind"]["proxied"]["gap_ms"] == 5100


def test_a_wait_that_never_ended_is_a_pause():
    clock = Clock()
    pauses = Pauses(clock)
    pauses.start()
    pauses.want("a", "proxied")
    clock.now = 2
    pauses.mark("crossing")
    clock.now = 5
    figures = pauses.report()
    assert figures["windows"][1]["client_ms"] == figures["total"]["client_ms"] == 5000
