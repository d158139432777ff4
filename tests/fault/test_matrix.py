# SPDX-License-Identifier: MIT
"""The crash matrix: in every part of every playbook something breaks, and a person goes on. See cells.py for which."""

import os
import re
import signal
import subprocess
import time

from tests.lab.procs import LabError, wait_until

from . import playbooks
from .deeds import KILL_CONTROLLER
from .stage import told
from .test_killed import RUN

ARRIVES_S = 60  # a run comes to any of its parts, or to its end, within
BUDGET_S = 10   # playbooks.SHORTER: the longest write pause that is asked for
NEXT_COMMAND = re.compile(r"cutover (abort|run|rollback|status)|--resume|SET GLOBAL")


def test_whatever_breaks_it_ends_in_a_named_situation_and_nothing_is_lost(stage, cell):
    stage.put(cell.journey.starts_in)
    may_share = cell.journey.starts_in == "shared" or playbooks.is_shared(stage.path(cell.journey.playbook))
    with stage.traffic(cell.journey.sides, may_share, not cell.journey.is_lossy) as traffic:
        began = time.monotonic()
        broken = run_and_break(stage, cell)
        judge_end(stage, cell, broken, traffic, began)
        wanted = go_on(stage, cell, broken, may_share)
        if stage.open_sides() & set(cell.journey.sides) or not cell.journey.is_lossy:
            traffic.writers.wait_for_writes()
    status = stage.judge(traffic, wanted)
    stage.judge_journal(status["situation"])


# --- breaking it -----------------------------------------------------------------------------------------------------

def run_and_break(stage, cell):
    """Run to the cell's place, do its deed there, let the run end; then the deed is over. What a person saw of it."""
    controller, counting = Controller(stage, cell), None
    try:
        if cell.deed is not KILL_CONTROLLER:
            wait_until(controller.has_arrived, ARRIVES_S, f"the run to come to {cell.failpoint}")
            assert not controller.has_ended(), f"it ended before {cell.failpoint}: {told(controller.seen())}"
            counting = stage.counting()
            stage.was_open = stage.open_sides()
            cell.deed.begin(stage, controller.pid)
            controller.go_on()
            if not ends_within(controller, cell.deed.lasts_s):
                end_deed(stage, cell, counting)
        assert ends_within(controller, ARRIVES_S), f"it does not end: {told(controller.seen())}"
    finally:
        controller.kill()
    end_deed(stage, cell, counting)
    return controller.seen()


def end_deed(stage, cell, counting):
    """A server that was killed is started as my.cnf ought to say: it staggers AUTO_INCREMENT as it did."""
    side = cell.deed.kills
    if side and not stage.primaries[side].is_running:
        stage.primaries[side].options.update(counting[side])
    cell.deed.end(stage)
    if side:
        for name in counting[side]:
            stage.primaries[side].options.pop(name, None)


def ends_within(controller, limit_s):
    try:
        return wait_until(controller.has_ended, limit_s, "the run to end")
    except LabError:
        return False


class Controller:
    """The program under test, which stops at the cell's place. Owns: its process and its output, in files: nobody reads
    them before it has ended."""

    def __init__(self, stage, cell):
        self._out, self._err = (stage.lab.root / name for name in ("stdout", "stderr"))
        words = stage.words(*cell.journey.words(stage), *RUN)
        with open(self._out, "wb") as out, open(self._err, "wb") as err:
            environment = {**os.environ, "CUTOVER_FAILPOINT": cell.failpoint}
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment,
                restore_signals=False)  # SIGXFSZ stays ignored: a limit shows as an error, as a full disk does

    @property
    def pid(self):
        return self._process.pid

    def has_ended(self):
        return self._process.poll() is not None

    def has_arrived(self):
        """At its place, or at its end."""
        if self.has_ended():
            return True
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "T"

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def seen(self):
        return subprocess.CompletedProcess(self._process.args, self._process.returncode, self._out.read_text(),
                                           self._err.read_text())


# --- what must be true then ------------------------------------------------------------------------------------------

def judge_end(stage, cell, broken, traffic, began):
    """It says what became of it; and when it says that no person is needed, the service works without one."""
    if cell.deed is KILL_CONTROLLER:
        assert broken.returncode == -signal.SIGKILL, told(broken)
        return
    assert broken.returncode in (0, 3, 4, 5), told(broken)
    if broken.returncode:
        assert NEXT_COMMAND.search(broken.stderr + broken.stdout), f"it does not say what to type: {told(broken)}"
    if broken.returncode != 5 and not is_closed_by_its_file(stage, cell) and not cell.journey.is_lossy:
        traffic.writers.wait_for_writes()
        limit_s = BUDGET_S + (cell.deed.lasts_s + 5 if cell.deed.stops_service else 0)
        assert traffic.writers.longest_gap_s(began) < limit_s, f"nobody was told of the pause: {told(broken)}"


def is_closed_by_its_file(stage, cell):
    """Was the side killed that took the writes, and does my.cnf close it? Then nobody can write."""
    return stage.was_open == {cell.deed.kills} and not stage.open_sides()


# --- a person goes on ------------------------------------------------------------------------------------------------

def go_on(stage, cell, broken, may_share):
    """The situations in which it may end."""
    stage.wait_for_links()
    if is_closed_by_its_file(stage, cell) and not stage.status()["run"]["is_committed"]:
        assert "SET GLOBAL read_only" in stage.status()["next"]
        stage.primaries[cell.deed.kills].query("SET GLOBAL read_only = 0")
    if broken.returncode == 0:
        return (cell.way == "back" and go_back(stage, may_share)) or {cell.ends_in}
    if cell.way == "resume":
        return resume(stage, cell)
    aborted = stage.cutover("abort")
    if aborted.returncode == 0:
        return set(cell.journey.aborts_to)
    assert aborted.returncode == 3, told(aborted)
    assert "cutover rollback" in aborted.stderr and "--resume" in aborted.stderr, told(aborted)
    # a rollback that stopped at a check is the run that is gone on with
    return go_back(stage, may_share) or resume(stage, cell) | {"mirrored"}


def resume(stage, cell):
    stage.ok("run", "--resume", *RUN)
    return {cell.ends_in}


def go_back(stage, may_share):
    """Rollback, where there is one: empty when it says that there is none now."""
    before = stage.status()["situation"]
    stage.lab.dns.resolver.flush()  # the TTL may be long again by now, and waiting for that is not the question here
    playbook = "rollback" if may_share else "rollback-fenced"
    done = stage.cutover("rollback", "--playbook", stage.path(playbook), *RUN)
    if done.returncode == 0:
        return {"mirrored"}
    assert done.returncode == 3 and before not in ("shared", "switched"), told(done)
    return set()
