# SPDX-License-Identifier: MIT
"""What goes wrong during a crossing: one table, and how each row is done to a lab.

A fault strikes once, at a place of the plan (the controller stands still there meanwhile) or at a moment. What it broke
is put right by the function that it returns, after `hold_s`.
"""

import contextlib
import os
import signal
from dataclasses import dataclass, field

import pymysql

from tests.fault.proxy import ELSE, RESET, SILENCE
from tests.fault.writer import REFUSED

CLOUDFLARE = {
    "dns-lost-answer": {"kind": "drop_after", "method": "PATCH"},
    "dns-lost-request": {"kind": "drop_before", "method": "PATCH"},
    "dns-half-answer": {"kind": "truncate", "method": "PATCH"},
    "dns-silent": {"kind": "hang_after", "method": "PATCH", "ms": 3000},
    "dns-429": {"kind": "429", "times": 2, "retry_after": 1},
    "dns-500": {"kind": "status", "status": 500, "times": 2},
    "dns-html": {"kind": "html", "status": 502, "times": 2},
}


@dataclass(frozen=True)
class Fault:
    """deed: what the controller does to itself at the place, of base/failpoint.h; or strike(scene), which returns what
    puts it right again, or None. signal: what the controller gets when the fault strikes at a moment instead."""

    name: str
    about: str
    weight: int
    deed: str = "pause"
    signal: int | None = None
    strike: object = None
    is_placed_only: bool = False   # it has no meaning at a moment
    spares_servers: bool = False   # nothing of it keeps the application from writing: the budget of the pause holds
    least_s: float = 0.0           # it has no meaning when it is over sooner


@dataclass
class Scene:
    """What a fault can be done to. source and target: clusters; pid: of the controller."""

    lab: object
    source: object
    target: object
    pid: int
    rng: object
    notes: list = field(default_factory=list)

    def note(self, text):
        self.notes.append(text)


def _kill(scene, server):
    scene.note(f"kill -9 {server.name}")
    server.kill9()
    return server.start


def _stall(scene, server):
    scene.note(f"SIGSTOP {server.name}")
    server.freeze()
    return server.thaw


def _either_replica(scene):
    return scene.rng.choice([*scene.source.replicas, *scene.target.replicas])


def _end_sessions(scene, server, user):
    """The connections of an account are ended by the server."""
    ended = 0
    with contextlib.suppress(pymysql.Error, OSError):
        for row in [row for row in server.query("SHOW PROCESSLIST") if row["User"] == user]:
            with contextlib.suppress(pymysql.Error):
                server.query(f"KILL {int(row['Id'])}")
                ended += 1
    scene.note(f"ended {ended} session(s) of {user} on {server.name}")


def _cut(scene, cuts):
    """cuts: [(side, who does not reach its primary any more)]. Packets vanish, or connections are reset."""
    form = scene.rng.choice((SILENCE, RESET))
    for side, callers in cuts:
        scene.lab.proxies[side].cut(callers, form)
    scene.note(f"{form} between {' and '.join(f'{side} and {next(iter(callers))}' for side, callers in cuts)}")
    return lambda: [scene.lab.proxies[side].heal() for side, _ in cuts]


def _cut_controller(scene):
    return _cut(scene, [(scene.rng.choice(("old", "new")), {ELSE})])


def _cut_links(scene):
    return _cut(scene, [("old", {scene.lab.new.primary.name}), ("new", {scene.lab.old.primary.name})])


def _end_links(scene):
    for cluster in (scene.source, scene.target):
        _end_sessions(scene, cluster.primary, scene.lab.accounts["replication"].user)


def _end_controller(scene):
    server = scene.rng.choice((scene.source, scene.target)).primary
    for role in ("controller", "monitor"):
        _end_sessions(scene, server, scene.lab.accounts[role].user)


def _end_users(scene):
    _end_sessions(scene, scene.source.primary, scene.lab.accounts["app"].user)


def _cloudflare(scene):
    name = scene.rng.choice(sorted(CLOUDFLARE))
    scene.note(name)
    scene.lab.cloudflare.faults.add(**CLOUDFLARE[name])
    return scene.lab.cloudflare.faults.clear


def _hold_rows(scene, server, account, statement):
    """A transaction that stays open; rolled back in the end, if it was not ended before."""
    connection = server.connect(account, autocommit=False, read_timeout=10)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    return lambda: _give_up(connection)


def _give_up(connection):
    with contextlib.suppress(pymysql.Error, OSError):
        connection.rollback()
    with contextlib.suppress(pymysql.Error, OSError):
        connection.close()


def _long_transaction(scene):
    """A side that is closed or held already refuses it."""
    server = scene.source.primary
    try:
        end = _hold_rows(scene, server, scene.lab.accounts["app"],
                         "UPDATE blog.posts SET body = CONCAT(body, '!') LIMIT 1")
    except pymysql.Error as error:
        if error.args[0] not in REFUSED:
            raise
        scene.note(f"{server.name} let no transaction of the application begin: {error.args[0]}")
        return None
    scene.note(f"a transaction of the application stays open on {server.name}")
    return end


def _late_applier(scene):
    server = scene.target.primary
    scene.note(f"somebody holds rows that the applier of {server.name} wants")
    # FOR UPDATE is refused by a MySQL that is closed
    return _hold_rows(scene, server, None, "SELECT * FROM blog.soak_counters LOCK IN SHARE MODE")


def _full_journal(scene):
    scene.lab.disk.fill(scene.pid)
    scene.note("the journal's disk is full")
    return scene.lab.disk.make_room


def _second_controller(scene):
    done = scene.lab.cutover("abort", timeout=60)
    scene.note(f"a second controller said {done.returncode}")
    if done.returncode not in (7, 3):  # 3: the first one was over already
        raise AssertionError(f"a second controller was let in: exit {done.returncode}\n{done.stdout}{done.stderr}")


FAULTS = {fault.name: fault for fault in (
    Fault("none", "nothing", 4, deed="", spares_servers=True),
    Fault("kill-controller", "kill -9 of the controller", 5, deed="kill", signal=signal.SIGKILL, spares_servers=True),
    Fault("ctrl-c", "SIGINT", 2, deed="int", signal=signal.SIGINT, spares_servers=True),
    Fault("sigterm", "SIGTERM", 1, deed="term", signal=signal.SIGTERM, spares_servers=True),
    Fault("error", "the operation fails and nobody knows whether it was done", 2, deed="error", is_placed_only=True,
          spares_servers=True),
    Fault("kill-source", "kill -9 of the primary that is left", 3, strike=lambda s: _kill(s, s.source.primary)),
    Fault("kill-target", "kill -9 of the primary that is moved to", 3, strike=lambda s: _kill(s, s.target.primary)),
    Fault("kill-replica", "kill -9 of a replica", 1, strike=lambda s: _kill(s, _either_replica(s)), spares_servers=True),
    Fault("stall-source", "SIGSTOP of the primary that is left", 2, strike=lambda s: _stall(s, s.source.primary)),
    Fault("stall-target", "SIGSTOP of the primary that is moved to", 2, strike=lambda s: _stall(s, s.target.primary)),
    Fault("stall-replica", "SIGSTOP of a replica", 1, strike=lambda s: _stall(s, _either_replica(s)), spares_servers=True),
    Fault("cut-controller", "the network between the controller and one primary is gone", 2, strike=_cut_controller,
          spares_servers=True),
    Fault("cut-links", "the network between the primaries is gone", 2, strike=_cut_links, spares_servers=True),
    Fault("end-controller", "a primary ends the controller's connections", 1, strike=_end_controller, spares_servers=True),
    Fault("end-links", "the primaries end the connections of both links", 1, strike=_end_links, spares_servers=True),
    Fault("end-users", "the source ends the application's connections", 1, strike=_end_users, spares_servers=True),
    Fault("cloudflare", "lost, late, half, 429, 500 and HTML answers", 4, strike=_cloudflare, spares_servers=True),
    Fault("long-transaction", "a transaction of the application stays open", 2, strike=_long_transaction, spares_servers=True,
          least_s=1.0),
    Fault("late-applier", "somebody holds rows that the target's applier wants", 2, strike=_late_applier,
          spares_servers=True, least_s=1.0),
    Fault("full-journal", "the journal's disk is full", 2, strike=_full_journal, spares_servers=True, least_s=2.0),
    Fault("second-controller", "somebody else wants to abort meanwhile", 1, strike=_second_controller, spares_servers=True),
)}


def let_file_limit_fail():
    """In the child before exec: a write beyond RLIMIT_FSIZE is an error, as on a full disk, and no signal."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def is_standing_still(pid):
    """At a failpoint "pause@...": SIGCONT lets it go on."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def send(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
