# SPDX-License-Identifier: MIT
"""The service of a lab as its operator has it: what the program is told, what it answers, and what is true afterwards.

Truth is read from the servers and from the stand-in's zone; only a situation's name is the program's own word.
Invariant: every write made here was acknowledged and is remembered; check_promises() looks for all of them.
"""

import contextlib
import json
import os
import pty
import re
import subprocess
import threading
import uuid

import pymysql

from tests.lab import lab as labs
from tests.lab.cloudflare import RateLimit
from tests.lab.demo_playbooks import shorten
from tests.lab.lab import DNS_ONLY, PROXIED, REPOSITORY, Lab
from tests.lab.procs import LabError, wait_until

RECORDS = (PROXIED, DNS_ONLY)
LOW_TTL_S = 2
LINKS = {"new": "cutover_forward", "old": "cutover_reverse"}  # by the side that is the replica
ERROR_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} ERROR ", re.MULTILINE)
DONE, USAGE, CONFIG, REFUSED, UNDONE, PERSON, ABORTED, BUSY = range(8)  # exit codes of the program

CUT = """{{ name = "cut-over"; action = "cutover"; from = "{here}"; to = "{there}"; mode = "{mode}"; budget = "20s";
           records = [ "all" ]; }}"""
FOLLOW = '{ name = "seed"; action = "seed"; }', '{ name = "follow"; action = "follow"; }'
MIRROR = '{ name = "stagger"; action = "stagger"; }', '{ name = "mirror"; action = "mirror"; }'
UNMIRROR = ('{ name = "unmirror"; action = "unmirror"; }',)
RESET = ('{ name = "reset"; action = "reset"; }',)
SHARED = (CUT.format(here="old", there="new", mode="shared"),)
SHARED_BACK = CUT.format(here="new", there="old", mode="shared"), '{ name = "settle"; action = "settle"; to = "old"; }'
FENCED = (CUT.format(here="old", there="new", mode="fenced"),)
FENCED_BACK = (CUT.format(here="new", there="old", mode="fenced"),)


class Done:
    """One call of the program, ended. `text` is all that a person saw."""

    def __init__(self, words, completed):
        self.words = [str(word) for word in words]
        self.code = completed.returncode
        self.out = completed.stdout
        self.text = completed.stdout + completed.stderr

    def ended(self, code, *patterns):
        """Assert the exit code, and that each pattern is somewhere in what was said, wherever a line was wrapped."""
        said = " ".join(self.text.split())
        assert self.code == code, f"exit code {self.code}, expected {code}: {self}"
        assert code != DONE or not ERROR_LINE.search(self.text), f"all is done, and still it tells of an error: {self}"
        for pattern in patterns:
            assert re.search(pattern, said), f"nothing says /{pattern}/: {self}"
        return self

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"cutover {' '.join(self.words)}\n{self.text}"


class Running:
    """The program while it runs, in a terminal or not. Use with `with`: it never outlives the block.

    typed  what a person types, a line an answer; None means that nobody can be asked
    """

    def __init__(self, cfg, words, log, typed=None, env=None):
        self._words, self._log = words, log
        self._keyboard, stdin = pty.openpty() if typed is not None else (None, subprocess.DEVNULL)
        with open(log, "wb") as output:
            self._popen = subprocess.Popen([labs.CUTOVER, "-c", cfg, *words], stdin=stdin, stdout=output, stderr=output,
                                           env={**os.environ, **(env or {})})
        if self._keyboard is not None:
            os.close(stdin)
            os.write(self._keyboard, "".join(f"{line}\n" for line in typed).encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()
        if self._keyboard is not None:
            os.close(self._keyboard)

    @property
    def text(self):
        return self._log.read_text(errors="replace")

    def wait_says(self, pattern, deadline_s=30):
        """Wait until it has said so; the match. Fails at once when the program ends without."""
        found = wait_until(lambda: re.search(pattern, self.text) or self._popen.poll() is not None, deadline_s,
                           f"/{pattern}/ in what cutover says")
        assert found is not True, f"it ended without /{pattern}/: {self.text}"
        return found

    def signal(self, number):
        self._popen.send_signal(number)

    def is_paused(self):
        """At a failpoint "pause@...": SIGCONT lets it go on."""
        with open(f"/proc/{self._popen.pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "T"

    def has_ended(self):
        return self._popen.poll() is not None

    def end(self, timeout=60):
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"no end after {timeout} s: {self.text}") from None
        return Done(self._words, subprocess.CompletedProcess([], code, self.text, ""))


class Service:
    """Owns: the shortened playbooks and the test's own ones, in the lab's folder."""

    def __init__(self, lab):
        self.lab = lab
        self.primaries = {"old": lab.old.primary, "new": lab.new.primary}
        self.promises = []  # tokens of acknowledged writes
        self.hasty = lab.config.variant("hasty", lambda c: c["dns"].pop("resolvers"))  # waits for no cache to forget
        self._folder = lab.root / "playbooks"
        shorten(REPOSITORY / "playbooks", self._folder)
        lab.cloudflare.edit(DNS_ONLY, "A", ttl=LOW_TTL_S)
        lab.cloudflare.rate_limit = RateLimit(quota=100_000)  # dozens of tests a minute are no migration

    # --- telling the program ------------------------------------------------------------------------------------

    def cutover(self, *words, **options):
        return Done(words, self.lab.cutover(*words, **options))

    def run(self, playbook, *words, **options):
        return self.cutover("run", playbook, "--yes", *words, **options)

    def start(self, *words, cfg=None, typed=None, env=None):
        """Start the program and leave it running."""
        log = self.lab.root / f"said-{uuid.uuid4().hex[:8]}"
        return Running(cfg or self.lab.cfg_path, words, log, typed, env)

    def config(self, name, edit):
        """A changed copy of the configuration, which shares the journal."""
        return self.lab.config.variant(name, edit)

    def playbook(self, name, needs, *steps):
        """Write a playbook of the test's own; its path. The steps begin in line 3, one a line."""
        path = self._folder / f"{name}.cfg"
        wanted = ", ".join(f'"{situation}"' for situation in needs.split())
        body = ",\n".join(" ".join(step.split()) for step in steps)
        path.write_text(f'playbook = {{ name = "{name}"; needs = [ {wanted} ]; steps = (\n\n{body}\n); }};\n')
        return path

    def shipped(self, name):
        """A shipped playbook with shorter waits."""
        path = self._folder / f"{name}.cfg"
        return path if path.exists() else REPOSITORY / "playbooks" / f"{name}.cfg"

    # --- what is true -------------------------------------------------------------------------------------------

    def status(self):
        return self.cutover("status", "--json").ended(DONE).json

    @property
    def situation(self):
        return self.status()["situation"]

    def wait_situation(self, wanted, deadline_s=30):
        wait_until(lambda: self.situation == wanted, deadline_s, f"the situation {wanted}")

    def open_sides(self):
        return [side for side, primary in self.primaries.items() if not primary.value("SELECT @@read_only")]

    def records(self):
        """{name: (content, ttl)} at the provider."""
        found = {name: self.lab.cloudflare.record(name) for name in RECORDS}
        return {name: (record["content"], record["ttl"]) for name, record in found.items()}

    def points_to(self):
        """Where the records lead: "old", "new" or "mixed"."""
        contents = {content for content, _ in self.records().values()}
        return next((side for side, origin in self.lab.origins.items() if contents == {origin}), "mixed")

    def links(self):
        return {side: sorted(link.name for link in primary.links())
                for side, primary in self.primaries.items()}

    def events(self):
        """{side: status of the one event, in MariaDB's words, None when there is none}."""
        status = "SELECT REPLACE(MAX(status), 'REPLICA_SIDE', 'SLAVESIDE') FROM information_schema.events WHERE event_schema = 'blog'"
        return {side: primary.value(status) for side, primary in self.primaries.items()}

    def facts(self):
        """All of the above and the data, as one value that can be compared with a later one."""
        counters = "SELECT CONCAT(@@auto_increment_increment, '/', @@auto_increment_offset)"
        return {
            "situation": self.situation, "open": self.open_sides(), "records": self.records(), "links": self.links(),
            "events": self.events(), "data": {side: self._data(side) for side in self.primaries},
            "counters": {side: primary.value(counters) for side, primary in self.primaries.items()},
        }

    def _data(self, side):
        """Checksums of a side's tables, less the one that the event writes all the time."""
        tables = self.primaries[side].query(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'blog'"
            " AND table_type = 'BASE TABLE' AND table_name <> 'event_ticks' ORDER BY 1")
        if not tables:
            return None
        names = ", ".join(f"blog.{table['name']}" for table in tables)
        return {row["Table"]: row["Checksum"] for row in self.primaries[side].query(f"CHECKSUM TABLE {names}")}

    @contextlib.contextmanager
    def unchanged(self, but=()):
        """What is done meanwhile changes no fact (less those named), and the open side still takes writes."""
        before = self.facts()
        yield
        after = self.facts()
        changed = {name: (before[name], after[name]) for name in before if name not in but and before[name] != after[name]}
        assert not changed, changed
        self.write()
        self.check_promises()

    # --- writes of the application ------------------------------------------------------------------------------

    def write(self, side=None, user="canary"):
        """Publish a post, as the application does, on the open side."""
        [side] = [side] if side else self.open_sides()
        token = uuid.uuid4().hex
        self.primaries[side].query(
            "INSERT INTO blog.posts (token, user_name, title, body, side, created_at) VALUES (%s, %s, 't', 'b', %s, NOW(6))",
            (token, user, side), account=self.lab.accounts["app"])
        self.promises.append(token)
        return token

    def has(self, side, token):
        return self.primaries[side].value("SELECT COUNT(*) FROM blog.posts WHERE token = %s", (token,)) == 1

    def check_promises(self):
        """Every acknowledged write is there once: where the users are, and on each side that follows that one."""
        if not self.promises:
            return
        links = self.links()
        here = self.points_to()
        for side in self.primaries:
            if side != here and LINKS[side] not in links[side]:
                continue
            wait_until(lambda side=side: self._kept(side) == len(self.promises), 20,
                       f"all of {len(self.promises)} promises on {side}")

    def _kept(self, side):
        marks = ", ".join(["%s"] * len(self.promises))
        rows = self.primaries[side].query(
            f"SELECT COUNT(*) AS n FROM blog.posts WHERE token IN ({marks}) GROUP BY token", self.promises)
        assert all(row["n"] == 1 for row in rows), f"doubled on {side}"
        return len(rows)

    # --- getting somewhere --------------------------------------------------------------------------------------

    def reach(self, wanted):
        """Bring the service into a situation by the program's own ways, whatever a test has left behind."""
        self.lab.cloudflare.faults.clear()
        for carrier in self.lab.cloudflare.carriers.values():
            carrier.delay_s = 0
        self._end_runs()
        for _ in range(len(WAYS)):
            now = self.situation
            if now == wanted and now in ("mirrored", "switched"):
                self._stagger_again(now)
            if now == wanted:
                return
            step = _next_hop(now, wanted)
            if not step:
                raise LabError(f"no way from {now} to {wanted}: {self.status()['because']}")
            WAYS[now][step](self)
        assert self.situation == wanted

    def _stagger_again(self, situation):
        """A server that was restarted hands out every id again."""
        if any(primary.value("SELECT @@auto_increment_increment") < 2 for primary in self.primaries.values()):
            self.go("stagger", situation, MIRROR[:1])

    def _end_runs(self):
        run = self.status()["run"]
        if run and run["state"] not in ("done", "aborted"):
            self.cutover("abort", "--yes")  # one past its commit step refuses: the next rollback takes its place

    def go(self, name, needs, steps):
        self.run(self.playbook(name, needs, *steps), cfg=self.hasty).ended(DONE)

    def go_back(self, needs, steps):
        self.cutover("rollback", "--yes", "--playbook", self.playbook("back", needs, *steps), cfg=self.hasty).ended(DONE)


WAYS = {
    "apart": {"following": lambda service: service.go("follow", "apart", FOLLOW)},
    "following": {"mirrored": lambda service: service.go("mirror", "following", MIRROR),
                  "apart": lambda service: service.go("reset", "following", RESET)},
    "rehearsing": {"apart": lambda service: service.go("reset", "rehearsing", RESET)},
    "mirrored": {"following": lambda service: service.go("unmirror", "mirrored", UNMIRROR),
                 "shared": lambda service: service.go("shared", "mirrored", SHARED),
                 "switched": lambda service: service.go("fenced", "mirrored", FENCED)},
    "shared": {"mirrored": lambda service: service.go_back("shared", SHARED_BACK)},
    "switched": {"mirrored": lambda service: service.go_back("switched", FENCED_BACK)},
}


def _next_hop(start, wanted):
    """The first step of the shortest way."""
    ways, seen = [(start, None)], {start}
    for here, first in ways:
        for there in WAYS.get(here, ()):
            if there == wanted:
                return first or there
            if there not in seen:
                seen.add(there)
                ways.append((there, first or there))
    return None


class Stage:
    """One lab for the tests of a module; replaced when a test has left it beyond what the program can mend."""

    def __init__(self, **lab_options):
        self._options = lab_options
        self._open = contextlib.ExitStack()
        self._service = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open.close()

    def service(self, situation="mirrored"):
        with contextlib.suppress(AssertionError, LabError, subprocess.TimeoutExpired):
            if self._service:
                self._service.reach(situation)
                return self._service
        self._open.close()
        self._service = Service(self._open.enter_context(Lab(**self._options)))
        self._service.reach(situation)
        return self._service


class Referee:
    """Looks at both primaries all the time: was there ever a second writer, or nobody?

    Its sessions are an administrator's. Like any other that is older than a setting it may be ended: then it comes back.
    """

    def __init__(self, service):
        self._primaries = service.primaries
        self._connections = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, name="referee", daemon=True)
        self.seen = set()  # of tuples of the sides that were open at the same time

    def __enter__(self):
        self._thread.start()
        wait_until(lambda: self.seen, 30, "the referee to look")
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
        for side in self._primaries:
            self._leave(side)

    def _look(self):
        while not self._ending.wait(0.005):
            # OLD is asked before and after NEW: between two single questions they could have changed places.
            before, new, after = self._is_open("old"), self._is_open("new"), self._is_open("old")
            if before == after and None not in (before, new):
                self.seen.add(("old",) * before + ("new",) * new)

    def _is_open(self, side):
        """None when it did not answer."""
        try:
            if side not in self._connections:
                self._connections[side] = self._primaries[side].connect()
            with self._connections[side].cursor() as cursor:
                cursor.execute("SELECT @@read_only AS closed")
                return not cursor.fetchone()["closed"]
        except pymysql.MySQLError:
            self._leave(side)
            return None

    def _leave(self, side):
        with contextlib.suppress(pymysql.MySQLError, KeyError):
            self._connections.pop(side).close()
