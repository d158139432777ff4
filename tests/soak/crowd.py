# SPDX-License-Identifier: MIT
"""The application of a soak: sessions that write and read all the time, and a ledger of every word of theirs.

Owns:       the sessions' threads and connections, and the ledger, in the format that tests/lab/ledger_check.py describes.
Guarantees: the line of a write is with the kernel before the write leaves; a write whose outcome nobody knows is never
            repeated, nor is its counter ever written again.
Sessions talk SQL to the databases, so that it is known which server answered. Each follows one of the service's names:
the proxied one as its edge does, at once; the DNS-only one through the caching resolver. Refused or cut off where that
points, a session tries the other side, as a client with two addresses does.
"""

import contextlib
import json
import os
import random
import threading
import time
from dataclasses import replace

import dns.exception
import dns.resolver
import pymysql

ROWS, COUNTERS = "blog.soak_rows", "blog.soak_counters"
SCHEMA = (
    # `token` is not unique: a write that arrives twice must be seen, not refused.
    f"CREATE TABLE {ROWS} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, token VARCHAR(64) NOT NULL,"
    " value VARCHAR(255) NOT NULL, KEY (token)) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4",
    f"CREATE TABLE {COUNTERS} (name VARCHAR(64) NOT NULL PRIMARY KEY, n BIGINT NOT NULL) ENGINE = InnoDB"
    " DEFAULT CHARSET = utf8mb4",
)
SIDES = ("old", "new")
# read_only, read lock, lock wait timeout, deadlock, read-only engine, offline: the server says that it was not done.
REFUSALS = {1290, 1223, 1205, 1213, 1836, 3032}
STATEMENT_S = 5
CONNECTION_S = 2.0      # then a session asks for its name again
STEPS_OF_A_COUNTER = 300
WORDS = ("ocean", "crème brûlée", "журнал", "写真", "🚢", "ferry", "Ægir", "ship's log", "100%", "back\\slash", "two\nlines")


def other(side):
    return "new" if side == "old" else "old"


class Ledger:
    """The file. A line is handed to the kernel whole."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self._lock = threading.Lock()
        self._writes = 0
        self.lines = 0

    def add(self, **line):
        text = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        with self._lock:
            os.write(self._file, text)
            self.lines += 1

    def next_write(self):
        with self._lock:
            self._writes += 1
            return self._writes

    def close(self):
        os.close(self._file)


class Names:
    """Where the service's names lead to."""

    def __init__(self, lab, proxied, dns_only):
        self._lab, self._proxied, self._dns_only = lab, proxied, dns_only
        self._sides = {address: side for side, address in lab.origins.items()}
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers, self._resolver.port = [lab.dns.resolver.address], lab.dns.resolver.port
        self.all = (proxied, dns_only)

    def leads_to(self, name):
        """A side; None when nobody answers."""
        if name == self._proxied:
            return self._sides.get(self._lab.cloudflare.record(name)["content"])
        with contextlib.suppress(OSError, dns.exception.DNSException):
            found = self._resolver.resolve(name, "A", lifetime=2)
            return self._sides.get(found[0].address)
        return None


class Session:
    """One user of the application. One thread."""

    def __init__(self, number, name, crowd, rng):
        self.id = f"w{number}"
        self.is_idle = threading.Event()
        self._name, self._crowd, self._rng = name, crowd, rng
        self._side = self._connection = None
        self._expires = 0.0
        self._serial = self._generation = self._value = 0
        self._own_row = None
        self._commits = False   # the statement that commits has been sent

    @property
    def counter(self):
        return f"{self.id}.{self._generation}"

    def run(self):
        while self._crowd.may_go_on(self):
            began = time.monotonic()
            if not any(self._try(side) for side in self._sides()):
                self._crowd.stopping.wait(0.01)
            self._crowd.stopping.wait(max(0.0, self._crowd.interval_s * self._rng.uniform(0.5, 1.5)
                                          - (time.monotonic() - began)))
        self._leave()

    # --- where ------------------------------------------------------------------------------------------------------

    def _sides(self):
        """Where it is, while that connection is young; else where its name leads; then the other side."""
        if self._connection and time.monotonic() < self._expires:
            return self._side, other(self._side)
        self._leave()
        first = self._crowd.names.leads_to(self._name) or self._side or "old"
        return first, other(first)

    def _connected(self, side):
        if self._connection and self._side == side:
            return True
        self._leave()
        try:
            self._connection = self._crowd.connect(side)
        except (pymysql.Error, OSError):
            return False
        self._side, self._expires = side, time.monotonic() + CONNECTION_S
        return True

    def _leave(self):
        if self._connection:
            with contextlib.suppress(pymysql.Error, OSError):
                self._connection.close()
            self._connection = None

    # --- what -------------------------------------------------------------------------------------------------------

    def _try(self, side):
        """One thing, done there. False: not there; somebody else may do better."""
        if not self._connected(side):
            return False
        deed = self._rng.choices((self._insert, self._step, self._read_counter, self._read_row), (45, 25, 20, 10))[0]
        try:
            return deed()
        except (pymysql.Error, OSError):  # of a read: nothing is lost with it
            self._leave()
            return False

    def _insert(self):
        self._serial += 1
        token = f"{self.id}-{self._serial}"
        value = " ".join(self._rng.choices(WORDS, k=self._rng.randint(1, 12)))
        done = self._write("insert", token, value, self._insert_row, token, value)
        if done == "acknowledged":
            self._own_row = token
        return done == "acknowledged"

    def _insert_row(self, cursor, token, value):
        cursor.execute(f"INSERT INTO {ROWS} (token, value) VALUES (%s, %s)", (token, value))

    def _step(self):
        """Raise the own counter by one, and write that down in the same transaction."""
        value = self._value + 1
        done = self._write("step", self.counter, value, self._raise, value)
        if done == "behind":  # this side has not got the last step yet; writing on would be a conflict
            self._read_counter(of=self.counter)
            return True
        if done == "acknowledged":
            self._value = value
            self._crowd.counters[self.id] = self.counter
        if done == "ambiguous" or value >= STEPS_OF_A_COUNTER:
            self._generation, self._value = self._generation + 1, 0
        return done == "acknowledged"

    def _raise(self, cursor, value):
        cursor.execute("BEGIN")
        if value == 1:
            cursor.execute(f"INSERT INTO {COUNTERS} (name, n) VALUES (%s, 1)", (self.counter,))
        elif cursor.execute(f"UPDATE {COUNTERS} SET n = %s WHERE name = %s AND n = %s", (value, self.counter, value - 1)) != 1:
            raise Behind
        self._insert_row(cursor, f"{self.counter}#{value}", str(value))
        self._commits = True
        cursor.execute("COMMIT")

    def _write(self, op, key, value, deed, *args):
        """acknowledged, refused, ambiguous or behind; the ledger has it when this returns."""
        number, ledger, side = self._crowd.ledger.next_write(), self._crowd.ledger, self._side
        self._commits = op == "insert"  # one statement, which commits by itself
        ledger.add(event="sent", n=number, session=self.id, op=op, key=key, value=value, side=side, at=time.monotonic())
        why = None
        try:
            with self._connection.cursor() as cursor:
                deed(cursor, *args)
            outcome = done = "acknowledged"
        except Behind:
            outcome, done = "refused", "behind"
            self._roll_back()
        except (pymysql.Error, OSError) as error:
            why = str(error)[:200]
            is_refused = not self._commits or (error.args and error.args[0] in REFUSALS)
            outcome = done = "refused" if is_refused else "ambiguous"
            self._leave()
        at = time.monotonic()
        ledger.add(event="ended", n=number, outcome=outcome, at=at, **({"why": why} if why else {}))
        self._crowd.count(outcome, at)
        return done

    def _roll_back(self):
        try:
            self._connection.rollback()
        except (pymysql.Error, OSError):
            self._leave()

    def _read_counter(self, of=None):
        key = of or self._rng.choice(list(self._crowd.counters.values()) or [self.counter])
        return self._read("counter", key, f"SELECT n AS saw FROM {COUNTERS} WHERE name = %s")

    def _read_row(self):
        if not self._own_row:
            return True
        return self._read("row", self._own_row, f"SELECT COUNT(*) AS saw FROM {ROWS} WHERE token = %s")

    def _read(self, what, key, statement):
        sent = time.monotonic()
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT @@global.read_only AS is_closed")  # before the value, which may only be newer
            is_open = not cursor.fetchone()["is_closed"]
            cursor.execute(statement, (key,))
            row = cursor.fetchone()
        self._crowd.ledger.add(event="read", session=self.id, what=what, key=key, saw=row and row["saw"], side=self._side,
                               is_open=is_open, sent=sent, at=time.monotonic())
        self._crowd.count("read", 0)
        return True


class Behind(Exception):
    """This side does not have the session's last step yet."""


class Crowd:
    """All sessions together. A window is the time since the last begin_window()."""

    def __init__(self, lab, names, ledger, size, rate, rng):
        self.names, self.ledger = names, ledger
        self.interval_s = 1 / rate
        self.stopping = threading.Event()
        self.counters = {}  # session -> the counter that it raises now
        self.totals = dict.fromkeys(("acknowledged", "refused", "ambiguous", "read"), 0)
        self._databases = {side: replace(lab.database(side), port=direct.port) for side, direct in lab.direct.items()}
        self._lock = threading.Lock()
        self._held, self._crashes = threading.Event(), []
        self._last_ack = self._longest_gap_s = 0.0
        self._sessions = [Session(i, names.all[i % len(names.all)], self, random.Random(rng.random())) for i in range(size)]
        self._threads = [threading.Thread(target=self._run, args=(s,), name=s.id, daemon=True) for s in self._sessions]

    def start(self):
        self._last_ack = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        """Ends what is under way; RuntimeError when a session has crashed: fewer users prove less."""
        self.stopping.set()
        for thread in self._threads:
            thread.join()
        self.ledger.close()
        self.complain()

    def complain(self):
        if self._crashes:
            raise RuntimeError(f"{len(self._crashes)} sessions crashed") from self._crashes[0]

    def connect(self, side):
        return self._databases[side].connect(timeout_s=STATEMENT_S, autocommit=True)

    def may_go_on(self, session):
        """Stands still while the crowd is held. False when it is over."""
        while self._held.is_set() and not self.stopping.is_set():
            session.is_idle.set()
            self.stopping.wait(0.02)
        session.is_idle.clear()
        return not self.stopping.is_set()

    def hold(self):
        """Nobody begins anything until release(); returns when nothing is under way."""
        self._held.set()
        for session, thread in zip(self._sessions, self._threads):
            while thread.is_alive() and not session.is_idle.wait(0.1):
                pass

    def release(self):
        with self._lock:
            self._last_ack = time.monotonic()  # nobody wanted to write meanwhile
        self._held.clear()

    def count(self, outcome, at):
        with self._lock:
            self.totals[outcome] += 1
            if outcome == "acknowledged" and at > self._last_ack:
                self._longest_gap_s = max(self._longest_gap_s, at - self._last_ack)
                self._last_ack = at

    def begin_window(self):
        """A pause that has begun before counts in full."""
        with self._lock:
            self._longest_gap_s = 0.0

    def longest_gap_s(self):
        """The longest time in this window, up to now, in which nobody was told that a write was done."""
        with self._lock:
            return max(self._longest_gap_s, time.monotonic() - self._last_ack)

    def _run(self, session):
        try:
            session.run()
        except Exception as error:  # whatever it was, complain() tells it
            self._crashes.append(error)
            session.is_idle.set()
