# SPDX-License-Identifier: MIT
"""Orchestrator's graceful takeover between two servers like ours, seen by the same clients. Its binary is given by path.

    ORCHESTRATOR=/usr/local/orchestrator/orchestrator make bench-cutover

Written for openark's 3.2: /api/graceful-master-takeover-auto, which makes the old primary a replica of the new one, so
that the next takeover goes the other way. It speaks the SQL of MariaDB and of MySQL up to 8.0. It wants one primary and
no ring: therefore it has a pair of its own, which runs after ours and not at the same time.
"""

import contextlib
import json
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tests.lab import accounts, ports, tls
from tests.lab.mariadb import DOMAIN
from tests.lab.procs import LabError, Process, together, wait_until
from tests.lab.servers import Server, stop_all

from . import crossing, gaps
from .clients import Clients

VARIABLE = "ORCHESTRATOR"
FLAVOURS = ("mariadb",)
TAKEOVERS = 10          # of each load
WARM_UP_S = 1.5
REST_S = 0.5
CALL_S = 60
SEEN_S = 30
WATCHER = accounts.Account("orchestrator", "orchestrator")
_HOSTS = {"old": (41, 101), "new": (42, 201)}  # last number of the address, server id


def why_not():
    """Why it cannot be measured here; None when it can."""
    path = os.environ.get(VARIABLE)
    if not path:
        return f"no {VARIABLE}=/path/to/its/binary"
    return None if os.access(path, os.X_OK) and Path(path).is_file() else f"{VARIABLE}={path} is no program"


def can_measure(kind):
    return why_not() is None and kind.flavour in FLAVOURS


def measure(folder, kind, client, loads):
    """{load: [gap in ms of each takeover]}"""
    with Topology(folder / f"orchestrator-{os.getpid()}", kind) as topology:
        return {load: _takeovers(topology, client, load) for load in loads}


def _takeovers(topology, client, load):
    with Clients(client, topology.folder, load, topology.sides.values(), topology.roles["app"], crossing.TABLE,
                 topology.primary) as clients:
        windows = []
        for _ in range(TAKEOVERS):
            time.sleep(WARM_UP_S)
            began_us = time.monotonic_ns() // 1000
            topology.take_over()
            windows.append((began_us, time.monotonic_ns() // 1000))
        time.sleep(REST_S)
        clients.stop()
    topology.caught_up()
    for side, server in topology.sides.items():
        verdict = gaps.judge(clients.writes, [row["token"] for row in server.query(f"SELECT token FROM {crossing.TABLE}")])
        if not verdict.is_clean:
            print(f"  orchestrator, {load.name}: on {side} {verdict}")
    topology.sides[topology.primary].query(f"DELETE FROM {crossing.TABLE}")
    topology.caught_up()
    found = [clients.writes.longest_gap(*window) for window in windows]
    print(f"  orchestrator, {load.name}: gap " + ", ".join(f"{gap.ms:.1f}" if gap else "?" for gap in found) + " ms", flush=True)
    return [gap.ms for gap in found if gap]


class Topology:
    """Owns: one folder with two servers, one the other's replica, and an orchestrator that looks after them."""

    def __init__(self, folder, kind):
        self.folder = folder
        self.primary = "old"
        self.roles = accounts.generate()
        self.sides = {}
        self._kind = kind
        self._undo = contextlib.ExitStack()
        self._url = None

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self._undo.close()

    @property
    def replica(self):
        return "new" if self.primary == "old" else "old"

    def caught_up(self):
        crossing.wait_applied(self.sides[self.primary], self.sides[self.replica])

    def take_over(self):
        """Promote the replica; returns when its former source follows it and orchestrator has seen that."""
        here, there = self.sides[self.primary], self.sides[self.replica]
        answer = self._call(f"graceful-master-takeover-auto/{here.address}/{here.port}/{there.address}/{there.port}")
        if answer.get("Code") != "OK":
            raise LabError(f"orchestrator did not take over: {answer}")
        self.primary = self.replica
        wait_until(lambda: self._follows(here, there), SEEN_S, "the takeover to be seen")

    def _follows(self, replica, source):
        links = replica.links()
        return bool(links) and all(link.runs and link.source == (source.address, source.port) for link in links) \
            and self._sees(replica, source)

    def _sees(self, replica, source):
        """Does orchestrator know that `replica` follows `source`, which is open?"""
        def key(server):
            return {"Hostname": server.address, "Port": server.port}

        below, above = (self._call(f"refresh/{server.address}/{server.port}").get("Details") or
                        self._call(f"instance/{server.address}/{server.port}") for server in (replica, source))
        return below.get("MasterKey") == key(source) and above.get("ReadOnly") is False

    def _start(self, undo):
        self.folder.mkdir(parents=True)
        undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
        network = ports.Network()
        undo.callback(network.release)
        certificate = tls.create(self.folder / "tls", [network.address(host) for host, _ in _HOSTS.values()])
        template = self._kind.empty_template(self.folder.parent)
        self.sides = {
            name: Server(self._kind, self.folder / name, name, network.address(host), number, template, tls=certificate,
                         domain_id=DOMAIN[name],
                         options={**crossing.DURABLE[self._kind.flavour], "read-only": 1 if name == "new" else None})
            for name, (host, number) in _HOSTS.items()}
        undo.callback(stop_all, list(self.sides.values()), clean=False)
        together(*[lambda server=server: self._prepare(server) for server in self.sides.values()])
        old, new = self.sides["old"], self.sides["new"]
        new.follow(old, self.roles["replication"])
        old.query(f"CREATE DATABASE blog; {crossing.CREATE_TABLE}")
        self.caught_up()
        self._start_orchestrator(undo, network.address(60))

    def _prepare(self, server):
        server.start()
        server.query(accounts.grants(self.roles, self._kind.flavour))
        server.query(f"CREATE USER {WATCHER.user}@'127.%' IDENTIFIED BY '{WATCHER.password}';"
                     f"GRANT ALL ON *.* TO {WATCHER.user}@'127.%'; RESET MASTER")

    def _start_orchestrator(self, undo, address):
        port = ports.free_port((address,), preferred=3000)
        replication = self.roles["replication"]
        settings = {
            "ListenAddress": f"{address}:{port}",
            "BackendDB": "sqlite",
            "SQLite3DataFile": str(self.folder / "orchestrator.sqlite3"),
            "MySQLTopologyUser": WATCHER.user,
            "MySQLTopologyPassword": WATCHER.password,
            "ReplicationCredentialsQuery": f"SELECT '{replication.user}', '{replication.password}', '', '', ''",
            "DiscoverByShowSlaveHosts": True,
            "HostnameResolveMethod": "none",
            "MySQLHostnameResolveMethod": "",
            "InstancePollSeconds": 1,
            "ApplyMySQLPromotionAfterMasterFailover": True,
            "RecoveryPeriodBlockSeconds": 0,
            "FailureDetectionPeriodBlockMinutes": 1,
        }
        path = self.folder / "orchestrator.conf.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(settings, indent=1))
        binary = Path(os.environ[VARIABLE]).resolve()
        # It looks for its resources beside its binary.
        process = Process("orchestrator", [binary, "-config", path, "http"], log=self.folder / "orchestrator.log", cwd=binary.parent)
        undo.callback(process.stop)
        process.start()
        process.wait_ready(lambda: ports.can_connect(address, port))
        self._url = f"http://{address}:{port}/api/"
        old, new = self.sides["old"], self.sides["new"]
        for server in (old, new):
            self._call(f"discover/{server.address}/{server.port}")
        wait_until(lambda: self._sees(new, old), SEEN_S, "orchestrator to see the pair")

    def _call(self, what):
        """What it answers, as a dict; its refusals are answers as well."""
        try:
            with urllib.request.urlopen(self._url + urllib.parse.quote(what), timeout=CALL_S) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            return json.loads(error.read() or b"{}")
