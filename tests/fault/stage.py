# SPDX-License-Identifier: MIT
"""One lab that can be put into any situation within a second or two, and the program to be tried on it.

Each situation is made once, by the program itself, and kept: data directories of cleanly stopped servers, what SET
GLOBAL had set, the DNS records and the journal. Putting it back means crash, copy, start.
"""

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab import kinds, servers
from tests.lab.cloudflare import RateLimit
from tests.lab.lab import DNS_ONLY, PROXIED, REPOSITORY, Lab
from tests.lab.procs import together, wait_until
from tests.lab.servers import Sql

from . import journal_judge, playbooks
from .disk import Disk
from .proxy import Proxy
from .writer import CREATE_TABLE, Watcher, Writers, complaints_about

BINARY = REPOSITORY / (os.environ.get("BUILD") or "build") / "cutover"
NAMES = (PROXIED, DNS_ONLY)
GLOBALS = ("read_only", "auto_increment_increment", "auto_increment_offset")
RECORD_FIELDS = ("content", "ttl", "proxied", "comment")
TIMEOUT_S = 90  # nothing here takes longer; a run that does hangs
HIDDEN_PORT = 13306  # where a primary listens; the port that everybody is told is its proxy's
# No question to a server may take longer than 3 s: a fault ends within a few of them. Closing waits for a disk that other
# tests keep busy.
LIMITS = {"statement": "3s", "lock_wait": "3s", "drain": "4s", "dns": "20s", "stragglers": "20s"}

# situation -> the one before it, and the playbook that leads from there; or, for those in which no playbook ends, the
# name of the method below that breaks something
MADE_BY = {
    "following": ("apart", "1-follow"),
    "mirrored": ("following", "3-mirror"),
    "shared": ("mirrored", "only-open"),
    "switched": ("mirrored", "4-migration-day-fenced"),
    "flipping": ("mirrored", "stop_between_records"),
    "severed": ("switched", "stop_reverse_link"),
}
CALLED = {"severed": "unsafe"}  # what the program says of it

ONLY_OPEN = """
playbook = {
  name  = "only-open";
  about = "Open NEW and flip the records; nothing is closed.";
  needs = "mirrored";
  steps = (
    { name = "cut-over"; action = "cutover"; from = "old"; to = "new"; mode = "shared"; records = [ "all" ]; }
  );
};
"""

# situation -> where the data must be, and the side whose scheduled events fire
DATA_ON = {"apart": ("old",), "rehearsing": ("old",), "retired": ("new",), "unsafe": ()}
EVENTS_ON = {"apart": "old", "following": "old", "rehearsing": "old", "mirrored": "old",
             "switched": "new", "retired": "new", "flipping": "new"}


# situation -> the sides that take writes, and where every record points; None: either
TRUTH = {"apart": ({"old"}, "old"), "following": ({"old"}, "old"), "mirrored": ({"old"}, "old"),
         "shared": ({"old", "new"}, None), "switched": ({"new"}, "new"), "retired": ({"new"}, "new"),
         "flipping": ({"new"}, None), "unsafe": ({"new"}, "new")}


class ProxiedLab(Lab):
    """A lab in which whoever asks for a primary finds a proxy there.

    Owns: the proxies. Application and watcher go past them (Stage.direct): their network is never cut."""

    def __init__(self, **options):
        super().__init__(**options)
        self.proxies = {}  # {side: Proxy}

    def _cluster(self, side, template):
        cluster = super()._cluster(side, template)
        primary = cluster.primary
        primary.options["port"] = HIDDEN_PORT
        self.proxies[side] = Proxy((primary.address, primary.port), (primary.address, HIDDEN_PORT), self._pids)
        self._undo.callback(self.proxies[side].stop)
        self.proxies[side].start()
        return cluster

    def _pids(self):
        return {server.name: server.pid for server in self.servers}


class Direct(Sql):
    """A primary as the application reaches it."""

    def __init__(self, server):
        super().__init__(server.socket, server.address, HIDDEN_PORT, server.tls)
        self.kind = server.kind


@dataclass(frozen=True)
class Kept:
    folder: object
    values: dict   # {server name: {variable: value}}
    records: dict  # {record name: {field: value}}


class Stage:
    """Owns: a lab. One test at a time."""

    def __init__(self):
        small = {side: kinds.find(kinds.default(side)).small_options for side in ("old", "new")}
        self.lab = ProxiedLab(mb=1, replicas=1, site=False,
                              options={name: dict(small[name[:3]]) for name in ("old1", "old2", "new1", "new2")})
        self.disk = None    # Disk: the journal's
        self.direct = {}    # {side: Direct}
        self.was_open = set()  # the sides that were, when a deed began
        self._kept = {}

    def __enter__(self):
        self.lab.start()
        try:
            self.disk = Disk(self.lab.root / "disk")
            self.direct = {side: Direct(server) for side, server in self.primaries.items()}
            self._configure()
            self.lab.cloudflare.rate_limit = RateLimit(quota=10**9)  # there are hundreds of runs
            self._folder = self.lab.root / "situations"
            self.playbooks = self.lab.root / "playbooks"
            playbooks.shorten(self.playbooks)
            (self.playbooks / "only-open.cfg").write_text(ONLY_OPEN)
            self.lab.old.primary.query(CREATE_TABLE)
            self.lab.old.wait_replicas()
            self._keep("apart")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.disk:
            self.disk.unmount()
        self.lab.stop()

    def _configure(self):
        settings = self.lab.config.settings
        settings["journal"] = str(self.journal)
        settings["limits"] = settings["limits"] | LIMITS
        self.lab.config.write(settings)

    @property
    def journal(self):
        return self.disk.folder / "journal.db"

    @property
    def primaries(self):
        return {"old": self.lab.old.primary, "new": self.lab.new.primary}

    @property
    def proxies(self):
        return self.lab.proxies

    # --- situations --------------------------------------------------------------------------------------------------

    def put(self, situation):
        """Everything is as it was when this situation had been reached."""
        self.calm()
        if situation not in self._kept:
            before, how = MADE_BY[situation]
            self.put(before)
            if hasattr(self, how):
                getattr(self, how)()
            else:
                self.ok("run", self.path(how), "--yes", "--skip-ttl-wait")
            assert self.status()["situation"] == CALLED.get(situation, situation)
            self._keep(situation)
        kept = self._kept[situation]
        together(*[server.kill9 for server in self.lab.servers])
        together(*[lambda server=server: self._restore(server, kept) for server in self.lab.servers])
        for journal in self._journal_files():
            journal.unlink()
        for path in (kept.folder / "journal").iterdir():
            shutil.copy2(path, self.disk.folder)
        self._put_records(kept.records)
        for side in (self.lab.old, self.lab.new):
            side.wait_replicas()
        wait_until(self.links_have_stopped if situation == "severed" else self.links_run, 30, "the links to be as they were")

    def stop_between_records(self):
        """A flip that failed between two names."""
        failed = self.cutover("run", self.path("4-migration-day-fenced"), "--yes", "--skip-ttl-wait",
                              failpoint="error@cut-over.flip.before-act#2")
        assert failed.returncode == 5, told(failed)

    def stop_reverse_link(self):
        """A row that is on OLD already, where nobody sees it, arrives from NEW."""
        old, row = self.primaries["old"], "INSERT INTO blog.tags (name) VALUES ('severed')"
        is_sealed = old.kind.flavour == "mysql" and old.value("SELECT @@global.super_read_only")
        old.query(("SET GLOBAL super_read_only = 0; " if is_sealed else "") + f"SET sql_log_bin = 0; {row}")
        if is_sealed:
            old.query("SET GLOBAL super_read_only = 1")
        self.primaries["new"].query(row)
        wait_until(self.links_have_stopped, 30, "the reverse link to stop")

    def put_stagger(self):
        """What a person does after a restart when my.cnf does not stagger AUTO_INCREMENT."""
        for offset, server in enumerate(self.primaries.values(), start=1):
            server.query(f"SET GLOBAL auto_increment_increment = 2; SET GLOBAL auto_increment_offset = {offset}")

    def counting(self):
        """What SET GLOBAL has set about AUTO_INCREMENT, as options for my.cnf."""
        return {side: {name.replace("_", "-"): server.value(f"SELECT @@global.{name}")
                       for name in GLOBALS if name.startswith("auto_increment")}
                for side, server in self.primaries.items()}

    def open_sides(self):
        """Where the application gets a write through. A MariaDB that was closed and has restarted is not read-only, and lets
        nobody of the application in."""
        return {side for side, server in self.primaries.items()
                if server.value("SELECT @@global.read_only") == 0 and not self._is_held(server)}

    def _is_held(self, server):
        return server.kind.flavour == "mariadb" and server.value(
            "SELECT COUNT(*) FROM mysql.global_priv WHERE User = %s"
            " AND COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0) = 1",
            (self.lab.accounts["app"].user,)) > 0

    def wait_for_links(self):
        """Until those that are to run do: a stopped one is left to the program."""
        wait_until(lambda: not any(link.io == "Connecting" for server in self.lab.servers for link in server.links()),
                   30, "the links to come back")

    def calm(self):
        """No fault of ours is left over."""
        for proxy in self.proxies.values():
            proxy.heal()
        self.disk.make_room()
        self.lab.cloudflare.faults.clear()

    def _keep(self, situation):
        folder = self._folder / situation
        values = {server.name: server.query("SELECT " + ", ".join(f"@@global.{v} AS {v}" for v in GLOBALS))[0]
                  for server in self.lab.servers}
        records = self.records()
        servers.stop_all(self.lab.servers, clean=True)
        (folder / "journal").mkdir(parents=True)
        for server in self.lab.servers:
            copy(server.folder / "data", folder / server.name)
        for journal in self._journal_files():
            shutil.copy2(journal, folder / "journal")
        self._kept[situation] = Kept(folder, values, records)

    def _restore(self, server, kept):
        shutil.rmtree(server.folder / "data")
        copy(kept.folder / server.name, server.folder / "data")
        values = kept.values[server.name]
        counting = {name.replace("_", "-"): value for name, value in values.items() if name.startswith("auto_increment")}
        server.options.update(counting)  # as my.cnf ought to say: which sessions count so is known after a restart too
        server.start()
        for name in counting:
            del server.options[name]
        server.query(f"SET GLOBAL read_only = {values['read_only']}")

    def _put_records(self, records):
        for name, fields in records.items():
            self.lab.cloudflare.edit(name, "A", **fields)
        assert self.lab.cloudflare.wait_carried(), "records did not reach the name servers"
        self.lab.dns.resolver.flush()

    def _journal_files(self):
        return list(self.disk.folder.glob("journal.db*"))

    def links_have_stopped(self):
        return any(link.sql == "No" and "Duplicate" in link.error for link in self.primaries["old"].links())

    def links_run(self):
        return all(link.runs for server in self.lab.servers for link in server.links())

    # --- the program -------------------------------------------------------------------------------------------------

    def path(self, playbook):
        return self.playbooks / f"{playbook}.cfg"

    def cutover(self, *words, failpoint=None, timeout=TIMEOUT_S):
        env = {"CUTOVER_FAILPOINT": failpoint} if failpoint else {"CUTOVER_FAILPOINT": ""}
        return self.lab.cutover(*words, binary=BINARY, env=env, timeout=timeout)

    def words(self, *words):
        """The program's argv."""
        return [BINARY, "-c", self.lab.cfg_path, *words]

    def start(self, *words, env=None):
        """The program beside us; the caller waits for it."""
        return subprocess.Popen(self.words(*words), stdin=subprocess.DEVNULL, text=True, env=env,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ok(self, *words, **options):
        done = self.cutover(*words, **options)
        assert done.returncode == 0, told(done)
        return done

    def status(self):
        return json.loads(self.ok("status", "--json").stdout)

    def plan(self, playbook):
        """The plan of a playbook, from the situation of now."""
        return json.loads(self.ok("plan", self.path(playbook), "--json").stdout)["plan"]

    # --- the judges --------------------------------------------------------------------------------------------------

    def points_at(self, name):
        content = self.lab.cloudflare.record(name)["content"]
        return "new" if content == self.lab.origins["new"] else "old"

    def records(self):
        """What the provider says of each name. No comment is null in some answers and empty in others."""
        records = {name: self.lab.cloudflare.record(name) for name in NAMES}
        return {name: {field: "" if record[field] is None else record[field] for field in RECORD_FIELDS}
                for name, record in records.items()}

    @contextmanager
    def traffic(self, sides=("old", "new"), may_share=True, is_open=True):
        """Writers and the watcher at work. What they saw is judged by judge(), not here.

        may_share: both sides may be open, when AUTO_INCREMENT is staggered
        is_open: one of `sides` is"""
        writers = Writers(self.direct, self.lab.accounts["app"], NAMES, self.points_at, sides)
        watcher = Watcher(self.direct, self.lab.accounts["controller"], self.lab.accounts["app"], may_share)
        writers.start()
        watcher.start()
        try:
            if is_open:
                writers.wait_for_writes()
            yield Traffic(writers, watcher)
        finally:
            writers.stop()
            watcher.stop()

    def judge(self, traffic, wanted, *earlier):
        """After the traffic has stopped: the situation is one of `wanted`, and the four invariants hold.

        `earlier`: traffic before this one, whose rows must be there as well."""
        status = self.status()
        situation = status["situation"]
        assert situation in wanted, f"{situation}: {status['because']}; wanted {wanted}"
        assert not traffic.watcher.violations, traffic.watcher.violations
        assert traffic.watcher.samples > 50, f"the watcher was blind: {traffic.watcher.last_error}"
        sides = DATA_ON.get(situation, ("old", "new"))
        self._catch_up(sides)
        servers = {server.name: server for server in self.lab.servers if server.name[:3] in sides}
        assert complaints_about([t.writers for t in (traffic, *earlier)], servers) == []
        if situation in EVENTS_ON:
            assert self._sides_with_events() == {EVENTS_ON[situation]}
        assert status["lease"]["holder"] == "", status["lease"]
        return status

    def judge_journal(self, situation):
        """The journal is whole, nothing in it is under way, and the servers are what `situation` says, asked past the
        program."""
        complaints = journal_judge.complaints_about(self.journal)
        assert not complaints, "; ".join(complaints)
        open_sides, pointed_at = TRUTH[situation]
        found = self.open_sides()
        assert found == open_sides or situation == "apart", f"{situation}, but {found} take writes"
        targets = {self.points_at(name) for name in NAMES}
        assert pointed_at is None or targets == {pointed_at}, f"{situation}, but records point at {targets}"

    def _catch_up(self, sides):
        if len(sides) == 2:
            channels = {link.name for server in self.primaries.values() for link in server.links()}
            if "cutover_forward" in channels:
                self._applied("old", "new")
            if "cutover_reverse" in channels:
                self._applied("new", "old")
        for side in sides:
            {"old": self.lab.old, "new": self.lab.new}[side].wait_replicas()

    def _applied(self, source, replica):
        self.primaries[replica].wait_applied(self.primaries[source].position())

    def _sides_with_events(self):
        return {side for side, server in self.primaries.items()
                if server.value("SELECT COUNT(*) FROM information_schema.events WHERE event_schema = 'blog'"
                                " AND status = 'ENABLED'")}


@dataclass(frozen=True)
class Traffic:
    writers: Writers
    watcher: Watcher


def copy(source, target):
    subprocess.run(["cp", "-a", "--sparse=always", "--reflink=auto", source, target], check=True)


def told(done):
    """What a person saw, for an assertion."""
    return f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def main():
    """How long it takes to put each situation."""
    with Stage() as stage:
        for situation in ("following", "mirrored", "shared", "switched", "apart", "mirrored"):
            began = time.monotonic()
            stage.put(situation)
            took = time.monotonic() - began
            began = time.monotonic()
            assert stage.status()["situation"] == situation
            print(f"{situation}: put in {took:.2f} s, status in {time.monotonic() - began:.2f} s", flush=True)


if __name__ == "__main__":
    main()
