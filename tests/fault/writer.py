# SPDX-License-Identifier: MIT
"""The application as the judge of a run: it writes all the time, keeps what it was promised, and watches both sides.

Writers  one thread a DNS record. Each goes where its record points; refused or cut off there it tries the other side,
         as a client does that follows the open side. Between two flips one thread is on OLD and one on NEW.
Watcher  one thread that asks both primaries in turn, every few milliseconds, whether they are open.
"""

import contextlib
import secrets
import threading
import time
from dataclasses import dataclass

import pymysql

TABLE = "blog.fault_writes"
CREATE_TABLE = (f"CREATE TABLE {TABLE} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"
                " token VARCHAR(40) NOT NULL, written_on VARCHAR(3) NOT NULL, KEY (token)) ENGINE = InnoDB")
WRITE_PAUSE_S = 0.015
LINKS = {"mariadb": ("SHOW ALL SLAVES STATUS", "Connection_name"), "mysql": ("SHOW REPLICA STATUS", "Channel_Name")}
WATCH_PAUSE_S = 0.004
REFUSED = {1290, 1205, 1213, 1836, 4151, 3118}  # read_only, lock timeout, deadlock, locked account: surely not written
SIDES = ("old", "new")


@dataclass(frozen=True)
class Acknowledged:
    token: str
    side: str
    at: float


def close(connection):
    with contextlib.suppress(pymysql.Error, OSError):
        if connection:
            connection.close()


def other(side):
    return "new" if side == "old" else "old"


class Writers:
    """Owns: its threads and connections. `points_at` tells for a record's name where users are sent now."""

    def __init__(self, primaries, account, names, points_at, sides=SIDES):
        self.acknowledged = []
        self.ambiguous = set()  # tokens whose answer was lost: they may be there, once
        self.refused = 0
        self._primaries, self._account, self._points_at, self._sides = primaries, account, points_at, sides
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(name,), name=f"writer {name}") for name in names]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def longest_gap_s(self, since=0.0, until=None):
        """The longest time in which nobody anywhere was told that a write was done."""
        times = sorted(a.at for a in list(self.acknowledged) if a.at >= since) or [since]
        edges = [since or times[0], *times, until or times[-1]]
        return max(b - a for a, b in zip(edges, edges[1:]))

    def wait_for_writes(self, count=3, deadline_s=10):
        """Wait until `count` more writes were acknowledged; the sides they went to."""
        began, deadline = len(self.acknowledged), time.monotonic() + deadline_s
        while len(self.acknowledged) < began + count:
            if time.monotonic() > deadline:
                raise AssertionError(f"no write was accepted on either side for {deadline_s} s")
            time.sleep(WRITE_PAUSE_S)
        return {a.side for a in self.acknowledged[began:]}

    def _write(self, name):
        connections = {}
        number = 0
        mine = secrets.token_hex(4)
        while not self._ended.is_set():
            number += 1
            first = self._points_at(name)
            for side in (first, other(first)):
                if side in self._sides and self._write_once(connections, side, f"{mine}-{number}-{side}"):
                    break
                if side != first:
                    close(connections.pop(side, None))  # whoever is refused elsewhere does not wait there
            time.sleep(WRITE_PAUSE_S)
        for connection in connections.values():
            close(connection)

    def _write_once(self, connections, side, token):
        if side not in connections:
            try:
                connections[side] = self._primaries[side].connect(self._account, read_timeout=5)
            except (pymysql.Error, OSError):
                return False
        try:
            with connections[side].cursor() as cursor:
                cursor.execute(f"INSERT INTO {TABLE} (token, written_on) VALUES (%s, %s)", (token, side))
        except (pymysql.Error, OSError) as error:
            if error.args and error.args[0] in REFUSED:
                self.refused += 1
                return False
            self.ambiguous.add(token)
            close(connections.pop(side))
            return False
        self.acknowledged.append(Acknowledged(token, side, time.monotonic()))
        return True


@dataclass(frozen=True)
class Seen:
    """What a primary said. An unreachable one is neither open nor closed."""

    is_open: bool
    increment: int
    offset: int


class Watcher:
    """Keeps a sentence for every time that two open primaries were seen where that is not allowed.

    Two samples of one side around a sample of the other: when all three say open, both were open at the same time.
    An open side that the application cannot log in to (its accounts are locked) takes no writes.

    may_share  both may be open as long as AUTO_INCREMENT is staggered
    """

    def __init__(self, primaries, account, app, may_share=True):
        self.violations = []
        self.samples = 0
        self.last_error = None
        self.was_both_open = False
        self._primaries, self._account, self._app, self._may_share = primaries, account, app, may_share
        self._connections = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher")

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        last = {"old": None, "new": None}
        while not self._ended.is_set():
            for side in SIDES:
                before, last[side] = last[side], self._ask(side)
                self._judge(side, before, last[side], last[other(side)])
            time.sleep(WATCH_PAUSE_S)
        for connection in self._connections.values():
            close(connection)

    def _judge(self, side, before, now, beside):
        if not (before and now and beside and before.is_open and now.is_open and beside.is_open):
            return
        self.was_both_open = True
        if (self._may_share and is_staggered(now, beside)) or self._stands_alone():
            return  # shared on purpose; or rehearsing
        if len(self.violations) < 5 and self._lets_in(side) and self._lets_in(other(side)):
            why = "and not staggered" if self._may_share else "though the cutover is fenced"
            self.violations.append(f"{time.monotonic():.3f}: both primaries are open {why}: {side} {now}, "
                                   f"{other(side)} {beside}")

    def _lets_in(self, side):
        try:
            close(self._primaries[side].connect(self._app, connect_timeout=2, read_timeout=2))
        except (pymysql.Error, OSError):
            return False
        return True

    def _ask(self, side):
        try:
            if side not in self._connections:
                self._connections[side] = self._primaries[side].connect(self._account, read_timeout=2)
            with self._connections[side].cursor() as cursor:
                cursor.execute("SELECT @@global.read_only = 0 AS is_open,"
                               " @@global.auto_increment_increment AS increment,"
                               " @@global.auto_increment_offset AS `offset`")
                row = cursor.fetchone()
        except (pymysql.Error, OSError) as error:
            self.last_error = error
            close(self._connections.pop(side, None))
            return None
        self.samples += 1
        return Seen(bool(row["is_open"]), row["increment"], row["offset"])

    def _stands_alone(self):
        """Is NEW on no link? Then what is written there goes nowhere, and is thrown away later."""
        statement, name = LINKS[self._primaries["new"].kind.flavour]
        try:
            with self._connections["new"].cursor() as cursor:
                cursor.execute(statement)
                return not any(link[name] for link in cursor.fetchall())
        except (pymysql.Error, OSError):
            return False


def is_staggered(a, b):
    return a.increment == b.increment >= 2 and a.offset != b.offset and max(a.offset, b.offset) <= a.increment


def rows_of(server):
    """{token: how often it is there} of one server."""
    rows = server.query(f"SELECT token, COUNT(*) AS n FROM {TABLE} GROUP BY token")
    return {row["token"]: row["n"] for row in rows}


def complaints_about(writers, servers):
    """What is wrong with the rows on `servers` ({name: Server}), measured by what all the writers were promised."""
    said = []
    promised = {a.token for w in writers for a in w.acknowledged}
    ambiguous = {token for w in writers for token in w.ambiguous}
    for name, server in servers.items():
        rows = rows_of(server)
        lost = sorted(promised - rows.keys())
        doubled = sorted(token for token, count in rows.items() if count > 1)
        foreign = sorted(rows.keys() - promised - ambiguous)
        for what, tokens in (("lost", lost), ("doubled", doubled), ("nobody's", foreign)):
            if tokens:
                said.append(f"{len(tokens)} row(s) {what} on {name}: {', '.join(tokens[:5])}")
    return said
