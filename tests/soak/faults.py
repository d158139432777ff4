# SPDX-License-Identifier: MIT
"""What goes wrong during a crossing: one table, and how each row is done to a lab.

A fault strikes once, at a place of the plan (the controller stands still there meanwhile) or at a moment. What it broke
is put right by the function that it returns, after `hold_s`.
"""

import contextlib
import os
import resource
import signal
from dataclasses import dataclass, field

import pymysql

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
    """The connections of an account are cut, from the server's end."""
    ended = 0
    with contextlib.suppress(pymysql.Error, OSError):
        for row in [row for row in server.query("SHOW PROCESSLIST") if row["User"] == user]:
            with contextlib.suppress(pymysql.Error):
                server.query(f"KILL {int(row['Id'])}")
                ended += 1
    scene.note(f"ended {ended} session(s) of {user} on {server.name}")


def _cut_controller(scene):
    server = scene.rng.choice((scene.source, scene.target)).primary
    for role in ("controller", "monitor"):
        _end_sessions(scene, server, scene.lab.accounts[role].user)


def _cut_links(scene):
    for cluster in (scene.source, scene.target):
        _end_sessions(scene, cluster.primary, scene.lab.accounts["replication"].user)


def _cut_users(scene):
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
    server = scene.source.primary
    scene.note(f"a transaction of the application stays open on {server.name}")
    return _hold_rows(scene, server, scene.lab.accounts["app"], "UPDATE blog.posts SET body = CONCAT(body, '!') LIMIT 1")


def _late_applier(scene):
    server = scene.target.primary
    scene.note(f"somebody holds rows that the applier of {server.name} wants")
    return _hold_rows(scene, server, None, "SELECT * FROM blog.soak_counters FOR UPDATE")


def _full_journal(scene):
    """No file of the controller's may grow any more: EFBIG where a full disk says ENOSPC."""
    folder = scene.lab.cfg_path.parent
    size = max((path.stat().st_size for path in folder.glob("journal.db-wal")), default=0)
    resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    scene.note(f"no file may grow beyond {size} bytes")
    return lambda: _let_grow(scene.pid)


def _let_grow(pid):
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


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
    Fault("cut-controller", "the controller's connections to one primary are cut", 2, strike=_cut_controller,
          spares_servers=True),
    Fault("cut-links", "the connections of both links are cut", 2, strike=_cut_links, spares_servers=True),
    Fault("cut-users", "the application's connections are cut", 1, strike=_cut_users, spares_servers=True),
    Fault("cloudflare", "lost, late, half, 429, 500 and HTML answers", 4, strike=_cloudflare, spares_servers=True),
    Fault("long-transaction", "a transaction of the application stays open", 2, strike=_long_transaction, spares_servers=True),
    Fault("late-applier", "somebody holds rows that the target's applier wants", 2, strike=_late_applier,
          spares_servers=True),
    Fault("full-journal", "the journal cannot grow", 2, strike=_full_journal, spares_servers=True),
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
