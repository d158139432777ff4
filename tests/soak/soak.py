# SPDX-License-Identifier: MIT
"""There and back again, over and over, with something going wrong each time, while a crowd writes and reads.

Owns:       BUILD/soak: the lab, the crowd's ledger, what was said in each crossing, the verdict.
A crossing  is one run of a shipped playbook (with short waits) and whatever a person types after it, until the service
            rests on one side again. What is done to it is drawn from the seed and the crossing's number alone.
Judges      the servers' tables against the ledger (tests/lab/ledger_check.py, in a process of its own), every few
            crossings and at the end; a watcher of both primaries; and after each crossing the program's own status.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
from pymysql.cursors import SSCursor

from tests.fault import matrix, playbooks
from tests.fault.disk import Disk
from tests.fault.stage import Direct, ProxiedLab
from tests.fault.writer import Watcher
from tests.lab import ledger_check
from tests.lab.cloudflare import RateLimit
from tests.lab.lab import DNS_ONLY, PROXIED, REPOSITORY
from tests.lab.procs import LabError, wait_until

from . import faults
from .crowd import COUNTERS, ROWS, SCHEMA, SIDES, Crowd, Ledger, Names, other

BUILD = REPOSITORY / (os.environ.get("BUILD") or "build")
PROGRAM = BUILD / "cutover"
LOW_TTL_S = 2
RUN_S, COMMAND_S = 180, 120     # nothing takes longer; what does hangs
BUDGET_S = 10.0                 # of the shortened playbooks
SLACK_S = 2.0                   # what this machine, slow and shared, may add
SAMPLE_MS = 1000                # how far apart the samples are that a report's lag is made of
JOURNAL_MB = 200                # the disk that is full now and then; a journal grows by 50 kB a crossing
TRIES = 8                       # of a person, until the service rests
AUDIT_EVERY = 25                # crossings
RESTS_ON = {"mirrored": "old", "switched": "new"}
PLAYBOOKS = {("mirrored", "shared"): "4-migration-day", ("mirrored", "fenced"): "4-migration-day-fenced",
             ("switched", "shared"): "rollback", ("switched", "fenced"): "rollback-fenced"}
OVER = ("done", "aborted")


class Broken(Exception):
    """A law was broken, or the program did not do what it must; the text says what."""


@dataclass(frozen=True)
class Draw:
    """What is done to one crossing."""

    mode: str
    fault: faults.Fault
    is_placed: bool         # at a place of the plan; else at a moment
    place: float            # how far through the plan's places, 0..1
    point: str
    moment_s: float
    hold_s: float
    way: str                # how a person goes on: resume or abort
    is_hasty: bool          # that person acts before what was broken is whole again
    rng: random.Random

    @classmethod
    def of(cls, seed, number, modes, forced=None):
        rng = random.Random(f"{seed}/{number}")
        table = list(faults.FAULTS.values())
        fault = rng.choices(table, [f.weight for f in table])[0]
        draw = cls(mode=rng.choice(modes), fault=fault, is_placed=fault.is_placed_only or rng.random() < 0.7,
                   place=rng.random(), point=rng.choice(matrix.POINTS), moment_s=rng.uniform(0.0, 6.0),
                   hold_s=rng.choice((0.0, 0.3, 1.0, 3.0)), way=rng.choice(("resume", "resume", "abort")),
                   is_hasty=rng.random() < 0.3, rng=rng)
        return forced(draw) if forced else draw

    def __str__(self):
        when = f"place {self.place:.3f} {self.point}" if self.is_placed else f"after {self.moment_s:.2f} s"
        hold_s = max(self.hold_s, self.fault.least_s)
        return (f"{self.mode}, {self.fault.name} at {when}, for {hold_s:g} s, then {self.way}"
                f"{' in haste' if self.is_hasty else ''}")


@dataclass
class Crossing:
    """One crossing as it went."""

    number: int
    draw: Draw
    starts_in: str
    began: float
    strikes_at: str = "-"
    codes: list = field(default_factory=list)    # (command, exit code)
    notes: list = field(default_factory=list)
    ends_in: str = "?"
    by_hand: int = 0
    pause_s: float = 0.0
    lag_ms: float | None = None
    seconds: float = 0.0

    @property
    def outcome(self):
        """One word for the table."""
        commands = [command for command, _ in self.codes]
        if self.ends_in == self.starts_in:
            return "aborted" if "abort" in commands else "undone" if self.codes[0][1] != 3 else "refused"
        return "done" if len(commands) == 1 else "resumed"


class SoakLab(ProxiedLab):
    """A lab whose network can be cut and whose journal has a disk of its own. Application and watcher go past the cuts."""

    def start(self):
        super().start()
        self.direct = {side: Direct(getattr(self, side).primary) for side in SIDES}
        self.disk = Disk(self.root / "disk", JOURNAL_MB)
        self._undo.callback(self._end_disk)
        settings = self.config.settings
        settings["journal"] = str(self.disk.folder / "journal.db")
        self.config.write(settings)

    def _end_disk(self):
        """The journal stays, for whoever looks at what happened."""
        for path in self.disk.folder.glob("journal.db*"):
            shutil.copy2(path, self.cfg_path.parent)
        self.disk.unmount()


class Soak:
    """run() until the time is over, stopping is set, or a law is broken."""

    def __init__(self, folder, *, minutes, seed, modes, old, new, size, rate, mb, forced, tale):
        self._folder, self._minutes, self._seed, self._modes = folder, minutes, seed, modes
        self._kinds, self._size, self._rate, self._mb = {"old": old, "new": new}, size, rate, mb
        self._forced, self._tale = forced, tale
        self.stopping = threading.Event()
        self.crossings, self.broken, self.verdicts = [], [], []
        self._lab = self._crowd = None
        self._log = None

    def run(self):
        """True when no law was broken."""
        (self._folder / "crossings").mkdir(parents=True)
        (self._folder / "tables").mkdir()
        with SoakLab(root=self._folder / "lab", mb=self._mb, site=False, keep=True, **self._kinds) as self._lab:
            self._prepare()
            ledger = Ledger(self._folder / "ledger.jsonl")
            self._crowd = Crowd(self._lab, Names(self._lab, PROXIED, DNS_ONLY), ledger, self._size, self._rate,
                                random.Random(f"{self._seed}/crowd"))
            ledger.add(event="mode", mode="fenced", at=time.monotonic())
            self._crowd.start()
            try:
                self._go()
            finally:
                self._crowd.stop()
        return not self.broken

    def _prepare(self):
        """What a careful operator has done before: ids staggered and `read_only` in every my.cnf, a low TTL."""
        lab = self._lab
        for offset, side in enumerate((lab.old, lab.new), start=1):
            side.primary.options.update({"read-only": 1, "auto-increment-increment": 2, "auto-increment-offset": offset})
        lab.cloudflare.edit(DNS_ONLY, "A", ttl=LOW_TTL_S)
        lab.cloudflare.rate_limit = RateLimit(quota=10**9)  # there are hundreds of runs
        playbooks.shorten(self._folder / "playbooks")
        for statement in SCHEMA:
            lab.old.primary.query(statement)
        lab.old.wait_replicas()

    def _go(self):
        try:
            with open(self._folder / "crossings" / "0000.log", "w", encoding="utf-8") as self._log:
                for playbook in ("1-follow", "3-mirror"):
                    self._must("run", self._playbook(playbook), "--yes")
            deadline = time.monotonic() + 60 * self._minutes
            while time.monotonic() < deadline and not self.stopping.is_set():
                self._one_crossing(len(self.crossings) + 1)
                if len(self.crossings) % AUDIT_EVERY == 0:
                    self._audit()
            self._log = open(self._folder / "crossings" / "last.log", "w", encoding="utf-8")
            self._must("verify")
            self._audit()
        except (Broken, LabError, subprocess.TimeoutExpired) as error:
            self.broken.append(str(error))
        except pymysql.Error as error:
            self.broken.append(f"a server could not be asked: {error}")
        finally:
            if self._log:
                self._log.close()
        if self.broken and not self.verdicts:
            self._audit_what_there_is()

    # --- one crossing -------------------------------------------------------------------------------------------------

    def _one_crossing(self, number):
        draw = Draw.of(self._seed, number, self._modes, self._forced)
        self._log = open(self._folder / "crossings" / f"{number:04d}.log", "w", encoding="utf-8", buffering=1)
        with self._log:
            began = time.monotonic()
            crossing = Crossing(number, draw, self._status()["situation"], began)
            self._say(f"{draw}")
            self._crowd.ledger.add(event="mode", mode=draw.mode, at=began, crossing=number)
            self._crowd.begin_window()
            self.crossings.append(crossing)
            watcher = Watcher(self._lab.direct, self._lab.accounts["controller"], self._lab.accounts["app"],
                              may_share=draw.mode == "shared").start()
            try:
                self._run_with_fault(crossing)
                self._to_rest(crossing)
            finally:
                watcher.stop()
                crossing.seconds, crossing.pause_s = time.monotonic() - began, self._crowd.longest_gap_s()
                self._announce(crossing, began)
                self._tale.crossing(crossing, self._crowd.totals)
            self._judge(crossing, watcher)

    def _run_with_fault(self, crossing):
        draw = crossing.draw
        words = ("run", self._playbook(PLAYBOOKS[crossing.starts_in, draw.mode]), "--yes")
        failpoint = self._failpoint(crossing, words[1]) if draw.fault.deed and draw.is_placed else ""
        crossing.strikes_at = failpoint.partition("@")[2] or (f"{draw.moment_s:.1f} s" if draw.fault.deed else "-")
        process = self._start(words, failpoint, faults.let_file_limit_fail if draw.fault.name == "full-journal" else None)
        try:
            heal = self._strike(crossing, process)
            if not draw.is_hasty or process.poll() is None:
                self._heal(crossing, heal)
                heal = None
            code = self._wait(process, RUN_S)
            crossing.codes.append(("run", code))
            if heal:  # the person does not wait
                self._step_on(crossing, self._status(may_fail=True))
                self._heal(crossing, heal)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.listener.join()

    def _failpoint(self, crossing, playbook):
        if crossing.draw.place < 0:  # somebody wants it at this very place
            return f"{crossing.draw.fault.deed}@{crossing.draw.point}"
        plan = json.loads(self._must("plan", playbook, "--json").stdout)["plan"]
        parts = matrix.parts_of(plan)
        places = [part for part in parts for _ in range(3 if part.action in ("cutover", "settle") else 1)]
        part = places[int(crossing.draw.place * len(places))]
        return part.failpoint(crossing.draw.fault.deed, crossing.draw.point)

    def _strike(self, crossing, process):
        """Wait for the place or the moment, and do it. What puts it right, or None."""
        draw = crossing.draw
        if not draw.fault.deed:
            return None
        if draw.is_placed and draw.fault.strike:
            self._wait_for(process, lambda: faults.is_standing_still(process.pid))
        elif draw.is_placed:
            return None  # it does it to itself
        else:
            moment = time.monotonic() + draw.moment_s
            self._wait_for(process, lambda: time.monotonic() >= moment)
        if process.poll() is not None:
            crossing.notes.append("the run was over before")
            return None
        if draw.fault.signal:
            faults.send(process.pid, draw.fault.signal)
            return None
        here = RESTS_ON[crossing.starts_in]
        scene = faults.Scene(self._lab, getattr(self._lab, here), getattr(self._lab, other(here)), process.pid, draw.rng)
        try:
            heal = draw.fault.strike(scene)
        finally:
            crossing.notes += scene.notes
            self._say(f"*** {time.monotonic():.3f} {draw.fault.name}: {'; '.join(scene.notes)}")
            if draw.is_placed:
                faults.send(process.pid, signal.SIGCONT)
        end = time.monotonic() + max(draw.hold_s, draw.fault.least_s)
        self._wait_for(process, lambda: time.monotonic() >= end)
        return heal

    def _heal(self, crossing, heal):
        if heal:
            heal()
            self._say(f"*** {time.monotonic():.3f} {crossing.draw.fault.name} is over")

    @staticmethod
    def _wait_for(process, condition):
        wait_until(lambda: condition() or process.poll() is not None, RUN_S, "the run to come to its place")

    # --- the person at the terminal -----------------------------------------------------------------------------------

    def _to_rest(self, crossing):
        """Type what the program says until the service rests on one side."""
        for _ in range(TRIES):
            self._make_whole(crossing)
            status = self._status()
            if not self._is_unfinished(status) and status["situation"] in RESTS_ON:
                crossing.ends_in = status["situation"]
                return
            self._step_on(crossing, status)
        raise Broken(f"law 4: after {TRIES} tries the service is {status['situation']}: {status['because']}")

    @staticmethod
    def _is_unfinished(status):
        return bool(status["run"]) and status["run"]["state"] not in OVER

    def _step_on(self, crossing, status):
        """One thing that a person would type now."""
        if status is None:
            return
        if self._is_unfinished(status):
            refused = sum(command == "run --resume" and code for command, code in crossing.codes) > 2
            words = ("abort",) if not status["run"]["is_committed"] and (crossing.draw.way == "abort" or refused) \
                else ("run", "--resume", "--yes")
        elif status["situation"] == "shared":
            words = ("run", self._playbook("rollback"), "--yes")
        elif status["situation"] in RESTS_ON:
            return
        else:
            self._open_by_hand(crossing, status)
            return
        done = self._cutover(*words)
        crossing.codes.append((" ".join(str(word) for word in words if word != "--yes"), done.returncode))

    def _open_by_hand(self, crossing, status):
        """docs/what-if.md: an open primary restarted with read_only in its my.cnf, and no run is under way."""
        side = status["dns"]["points_to"]
        if side not in ("old", "new") or any(node["is_open"] and node["role"] == "primary" for node in status["nodes"]):
            return
        crossing.by_hand += 1
        primary = getattr(self._lab, side).primary
        self._say(f"*** by hand: {primary.name} is opened")
        primary.query("SET GLOBAL read_only = 0")

    def _make_whole(self, crossing):
        """Servers are started again by whoever looks after them; then the links come back by themselves."""
        self._lab.cloudflare.faults.clear()
        self._lab.disk.make_room()
        for proxy in self._lab.proxies.values():
            proxy.heal()
        for server in self._lab.servers:
            if not server.is_running:
                crossing.notes.append(f"{server.name} is started again")
                server.start()
        wait_until(self._links_run, 60, f"the links to run again: {self._links()}")

    def _links(self):
        return {server.name: server.links() for server in self._lab.servers}

    def _links_run(self):
        return all(link.runs for links in self._links().values() for link in links)

    # --- the judges ---------------------------------------------------------------------------------------------------

    def _announce(self, crossing, began):
        """What the report says of a crossing in which both sides were open: how far one was behind the other."""
        done = self._cutover("report", "--format", "json")
        report = json.loads(done.stdout) if done.returncode == 0 else {"lag": []}  # something else is being raised then
        (self._folder / "crossings" / f"{crossing.number:04d}.report.json").write_text(json.dumps(report, indent=2))
        crossing.lag_ms = max((lag["worst_ms"] for lag in report["lag"] if lag["known"]), default=None)
        if crossing.draw.mode != "shared":
            return
        is_known = crossing.draw.fault.name == "none" and report["lag"] and all(
            lag["known"] == lag["samples"] for lag in report["lag"])
        self._crowd.ledger.add(event="announced", begins=began, ends=time.monotonic(), crossing=crossing.number,
                               delay_ms=crossing.lag_ms + SAMPLE_MS if is_known else None)

    def _judge(self, crossing, watcher):
        self._crowd.complain()
        status = self._status()
        side = RESTS_ON[crossing.ends_in]
        where = f"crossing {crossing.number}"
        if status["lease"]["holder"]:
            raise Broken(f"{where}: the lease is still held by {status['lease']['holder']}")
        if status["dns"]["points_to"] != side:
            raise Broken(f"{where}: law 4: {crossing.ends_in}, and the records point to {status['dns']['points_to']}")
        if watcher.violations:
            raise Broken(f"{where}: law 1: {watcher.violations[0]}")
        if watcher.samples < 50:
            raise Broken(f"{where}: the watcher was blind: {watcher.last_error}")
        if self._is_bounded(crossing) and crossing.pause_s > BUDGET_S + SLACK_S:
            raise Broken(f"{where}: law 3: nobody could write for {crossing.pause_s:.3f} s")

    @staticmethod
    def _is_bounded(crossing):
        """The controller lived to its end and servers were spared: then no write waits longer than the budget, unless a
        person was told (5)."""
        return crossing.draw.fault.spares_servers and not crossing.by_hand and all(
            code in (0, 3, 4, 6) for _, code in crossing.codes)

    def _audit(self):
        """The crowd stands still, everybody applies everything, and the judge reads what is there."""
        self._crowd.hold()
        try:
            self._settle()
            verdict = self._ask_the_judge()
        finally:
            self._crowd.release()
        self._tale.audit(verdict)
        if not verdict["is_kept"]:
            raise Broken(f"the ledger, between crossings {self._audited + 1} and {len(self.crossings)}: "
                         + "; ".join(verdict["findings"][:3]))
        self._judge_hand_backs(verdict)
        self._audited = len(self.crossings)

    def _judge_hand_backs(self, verdict):
        """A side that has been opened is given up only when a person types something."""
        for at in verdict["handed_back"]:
            crossing = next(c for c in reversed(self.crossings) if c.began <= at)
            if len(crossing.codes) < 2:
                raise Broken(f"law 1: crossing {crossing.number} went back to the side that was left by itself")

    _audited = 0

    def _audit_what_there_is(self):
        """After something else was broken: what the judge says now is told beside it."""
        try:
            self._crowd.hold()
            self._settle()
            self._tale.audit(self._ask_the_judge())
        except (LabError, pymysql.Error, Broken, OSError) as error:
            self._tale.say(f"no audit: {error}")

    def _settle(self):
        old, new = self._lab.old, self._lab.new
        for here, there in ((old.primary, new.primary), (new.primary, old.primary), (old.primary, new.primary)):
            there.wait_applied(here.position(), 120)
        for cluster in (old, new):
            cluster.wait_replicas(120)

    def _ask_the_judge(self):
        words = []
        for server in self._lab.servers:
            path = self._folder / "tables" / f"{server.name}.jsonl"
            dump(server, path)
            words.append(f"{server.name}={path}")
        done = subprocess.run([sys.executable, ledger_check.__file__, self._folder / "ledger.jsonl", *words], check=False,
                              capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise Broken(f"the ledger cannot be judged: {done.stderr}")
        verdict = json.loads(done.stdout)
        self.verdicts.append(verdict)
        return verdict

    # --- the program --------------------------------------------------------------------------------------------------

    def _playbook(self, name):
        return self._folder / "playbooks" / f"{name}.cfg"

    def _start(self, words, failpoint="", before_exec=None):
        self._say(f"$ {failpoint and f'CUTOVER_FAILPOINT={failpoint} '}cutover {' '.join(map(str, words))}")
        process = subprocess.Popen([PROGRAM, "-c", self._lab.cfg_path, *words], stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                   env={**os.environ, "CUTOVER_FAILPOINT": failpoint}, preexec_fn=before_exec,
                                   restore_signals=before_exec is None, errors="replace")
        process.listener = threading.Thread(target=self._listen, args=(process,), name="listener")
        process.listener.start()
        return process

    def _listen(self, process):
        """What it says is in the log, with the ledger's time, as it says it."""
        with process.stdout:
            for line in process.stdout:
                self._say(f"{time.monotonic():.3f} {line.rstrip()}")

    def _wait(self, process, seconds):
        code = process.wait(timeout=seconds)
        process.listener.join()
        self._say(f"=== {time.monotonic():.3f} exit {code}")
        return code

    def _cutover(self, *words):
        """The program, to its end."""
        began = time.monotonic()
        self._say(f"$ cutover {' '.join(map(str, words))}")
        done = subprocess.run([PROGRAM, "-c", self._lab.cfg_path, *words], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=COMMAND_S, env={**os.environ, "CUTOVER_FAILPOINT": ""},
                              start_new_session=True)  # a Ctrl-C at this terminal is not for it
        shown = done.stdout if words[0] not in ("status", "report", "plan") else ""
        self._say(f"{shown}{done.stderr}=== {time.monotonic():.3f} exit {done.returncode}, "
                  f"{time.monotonic() - began:.2f} s")
        return done

    def _must(self, *words):
        done = self._cutover(*words)
        if done.returncode:
            raise Broken(f"cutover {' '.join(map(str, words))} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def _status(self, may_fail=False):
        done = self._cutover("status", "--json")
        if done.returncode and may_fail:
            return None
        if done.returncode:
            raise Broken(f"status ended with {done.returncode}: {done.stderr}")
        status = json.loads(done.stdout)
        self._say(f"    {status['situation']}: {status['because']}; run {status['run'] and status['run']['state']}")
        return status

    def _say(self, text):
        if self._log and not self._log.closed:
            self._log.write(text + "\n")


def dump(server, path):
    """A server's tables, in the form that the judge reads."""
    with open(path, "w", encoding="utf-8") as file, server.connect(cursorclass=SSCursor) as connection:
        for what, statement in (("row", f"SELECT id, token, value FROM {ROWS} ORDER BY id"),
                                ("counter", f"SELECT name, n FROM {COUNTERS} ORDER BY name")):
            with connection.cursor() as cursor:
                cursor.execute(statement)
                for row in cursor:
                    file.write(json.dumps({what: row}, ensure_ascii=False) + "\n")
