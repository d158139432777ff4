# SPDX-License-Identifier: MIT
"""Two durable servers linked both ways by cutover itself, and fenced cutovers between them, there and back."""

import contextlib
import itertools
import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from datetime import datetime

from tests.lab.lab import REPOSITORY, Lab
from tests.lab.procs import LabError

from . import gaps

TABLE = "blog.bench_pause"
CREATE_TABLE = (f"CREATE TABLE {TABLE} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, token BIGINT UNSIGNED NOT NULL,"
                " side TINYINT UNSIGNED NOT NULL, pad CHAR(60) NOT NULL) ENGINE = InnoDB")

# What was answered "done" is on the disk. The log is large enough not to be the limit of a closed loop. docs/pause.md says what
# the other settings are for.
DURABLE = {
    "mariadb": {"sync-binlog": 1, "innodb-flush-log-at-trx-commit": 1, "innodb-buffer-pool-size": "256M",
                "innodb-log-file-size": "256M", "slave-parallel-threads": 16},
    "mysql": {"sync-binlog": 1, "innodb-flush-log-at-trx-commit": 1, "innodb-buffer-pool-size": "256M",
              "innodb-redo-log-capacity": "256M", "innodb-log-writer-threads": "ON",
              "replica-parallel-workers": 16},
}

# As the shipped playbooks of the same purpose. The rows were compared before; what was written since is each run's
# business. The gates are short, and there are no names to flip. Under saturated writers no gate on the lag would ever
# open: what to do about such writers is up to the cutover itself.
_PLAYBOOK = """playbook = {{
  name = "bench-{there}"; about = "Move the writers from {here} to {there}."; needs = "{needs}";
  steps = (
    {{ name = "go-no-go"; action = "gate"; require = [ {require} ]; timeout = "20s"; }},
    {{ name = "cut-over"; action = "cutover"; from = "{here}"; to = "{there}"; mode = "fenced"; budget = "2s"; }}
  );
}};
"""
_DIRECTIONS = {"new": {"here": "old", "needs": "mirrored"}, "old": {"here": "new", "needs": "switched"}}
_GATES = {True: '"links = up", "lag < 500ms for 200ms"', False: '"links = up"'}  # by whether the writers are paced
RUN_S = 120    # no run takes as long; one that does hangs
COMMAND_S = 300
TAIL_LINES = 8
SETTLE_S = 600
ASK_S = 20     # the server is asked again after that: a connection that waits for longer is given up

DONE, REFUSED, UNDONE = 0, 3, 4  # exit codes of the program


@dataclass
class Crossing:
    """One run of the program. Times are CLOCK_MONOTONIC in microseconds."""

    to: str
    code: int
    said: str
    began_us: int
    ended_us: int
    report: dict
    _wall_offset_us: int = field(repr=False, default=0)  # wall clock minus monotonic

    @property
    def is_done(self):
        return self.code == DONE

    @property
    def _commit(self):
        """The place of the part that opens the other side; None when the run did not get there."""
        return next((i for i, part in enumerate(self.report["steps"]) if part["commits"] and part["started"]), None)

    @property
    def window_us(self):
        """(begin, end): from the first part of the step that crosses to the end of the run; None when it never began."""
        name = next((part["step"] for part in self.report["steps"] if part["commits"]), None)
        starts = [self._monotonic_us(part["started"]) for part in self.report["steps"]
                  if part["step"] == name and part["started"]]
        return (min(starts), self.ended_us) if starts else None

    @property
    def closed_us(self):
        """The same from when a side began to be closed; the whole window when no part is called that."""
        first = self._close
        return self.window_us if first is None else (self._monotonic_us(self.report["steps"][first]["started"]), self.ended_us)

    @property
    def _close(self):
        """The place of the part that closes the side which is left."""
        steps, last = self.report["steps"], self._commit
        return None if last is None else max((i for i in range(last) if steps[i]["part"].startswith("close")), default=None)

    def parts(self):
        """[(name, ms)] of the pause: as the program split it where it says so, else what lies between the closing of one
        side and the opening of the other, both included, and last what was spent between them."""
        pause = self.report["pause"]
        return [(part["part"], part["ms"]) for part in pause["parts"]] if pause else self._steps_of_pause()

    def _steps_of_pause(self):
        steps, first, last = self.report["steps"], self._close, self._commit
        if first is None:
            return []
        found = [(part["part"], float(part["duration_ms"])) for part in steps[first:last + 1] if part["started"]]
        whole = (self._monotonic_us(steps[last]["started"]) - self._monotonic_us(steps[first]["started"])) / 1000
        return [*found, ("between them", max(0.0, whole + found[-1][1] - sum(ms for _, ms in found)))]

    def note(self, name):
        """The last note of that name in the report; "" without one."""
        return next((note["text"] for note in reversed(self.report["notes"]) if note["name"] == name), "")

    @property
    def forecast_ms(self):
        """What it said before anything was touched; None when it said nothing."""
        return self._note_ms("forecast")

    @property
    def pause_ms(self):
        """How long writes were refused as the report has it; None when it does not say."""
        pause_ms = self.report.get("write_pause_ms")
        return None if pause_ms is None or pause_ms < 0 else float(pause_ms)

    def _note_ms(self, name):
        return next((float(note["ms"]) for note in self.report["notes"] if note["name"] == name and "ms" in note), None)

    def _monotonic_us(self, text):
        return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6) - self._wall_offset_us


def wait_applied(source, replica):
    """Wait until `replica` has all of `source`. Saturated writers may have left it minutes behind."""
    position = source.position()
    for _ in range(SETTLE_S // ASK_S):
        if replica.kind.has_applied(replica, position, ASK_S):
            return
    raise LabError(f"{replica} has not applied {position} of {source} within {SETTLE_S} s: {replica.links()}")


class Service:
    """Owns: a lab of two servers and nothing else. `open_side` is where writes go."""

    def __init__(self, folder, kind):
        self.kind = kind
        self.open_side = "old"
        options = DURABLE[kind.flavour]
        self.lab = Lab(root=folder / f"cutover-{kind.flavour}-{os.getpid()}", mb=1, replicas=0, dns=False, cloudflare=False,
                       site=False, old=kind.name, new=kind.name, options={"old1": dict(options), "new1": dict(options)})
        self._playbooks = {}
        self._undo = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            undo.enter_context(self.lab)
            self._prepare()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self._undo.close()

    @property
    def sides(self):
        return {"old": self.lab.old.primary, "new": self.lab.new.primary}

    @property
    def account(self):
        return self.lab.accounts["app"]

    def cross(self, is_paced):
        """Move the writers to the other side."""
        to = "new" if self.open_side == "old" else "old"
        playbook = self._playbooks[to, is_paced]
        offset_us = int(time.time() * 1e6) - time.monotonic_ns() // 1000
        began_us = time.monotonic_ns() // 1000
        try:
            done = self.lab.cutover("run", playbook, "--yes", timeout=RUN_S)
        except subprocess.TimeoutExpired as late:
            said = (late.stderr or b"").decode().splitlines()
            raise LabError("\n".join([f"cutover run {playbook}: no end after {RUN_S} s", *said[-TAIL_LINES:]])) from None
        ended_us = time.monotonic_ns() // 1000
        said = done.stdout + done.stderr
        if done.returncode not in (DONE, REFUSED, UNDONE):
            raise LabError(f"cutover run {playbook}: exit {done.returncode}\n{said}")
        if done.returncode == DONE:
            self.open_side = to
        report = self._must("report", "--json")
        report = json.loads(report.stdout)
        return Crossing(to, done.returncode, said, began_us, ended_us, report, offset_us)

    def settle(self):
        """Nobody writes any more: each side has what the other has."""
        old, new = self.sides["old"], self.sides["new"]
        for source, replica in ((old, new), (new, old), (old, new)):
            wait_applied(source, replica)

    def verdicts(self, writes):
        """{side: gaps.Verdict}, after settle()."""
        return {side: gaps.judge(writes, self._tokens(server)) for side, server in self.sides.items()}

    def begin(self):
        """Everybody begins with no rows, and a comparison of all others: it does not matter who is first."""
        self.sides[self.open_side].query(f"DELETE FROM {TABLE}")
        self.settle()
        self._must("verify", "--restart")

    def _prepare(self):
        self.lab.old.primary.query(CREATE_TABLE)
        for playbook in ("1-follow", "3-mirror"):
            self._must("run", REPOSITORY / "playbooks" / f"{playbook}.cfg", "--yes")
        for (there, values), (is_paced, gate) in itertools.product(_DIRECTIONS.items(), _GATES.items()):
            path = self.lab.root / f"to-{there}-{'paced' if is_paced else 'saturated'}.cfg"
            path.write_text(_PLAYBOOK.format(there=there, require=gate, **values))
            self._playbooks[there, is_paced] = path

    def _must(self, *words):
        done = self.lab.cutover(*words, timeout=COMMAND_S)
        if done.returncode:
            raise LabError(f"cutover {' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    @staticmethod
    def _tokens(server):
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT token FROM {TABLE}")
            return [row["token"] for row in cursor.fetchall()]
