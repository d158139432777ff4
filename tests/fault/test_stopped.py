# SPDX-License-Identifier: MIT
"""SIGINT, SIGTERM and failures in every part of every playbook, while an application writes."""

import re
import time

import pytest

from . import matrix
from .stage import told
from .test_killed import FENCED, RUN, refuse_to_abort

# What the application may see: the lab's limits.drain, used up by a machine that does other things, then undoing.
BUDGET_S = 15.0
NAP_MS = 3000  # of a thread that has met nap@


def wait_for_writes(traffic, done):
    try:
        traffic.writers.wait_for_writes(deadline_s=BUDGET_S)
    except AssertionError as error:
        raise AssertionError(f"{error}: {told(done)}") from None


@pytest.mark.faults(deeds=("int", "term"), ways=("resume", "abort"),
                    where=lambda c: (c.deed, c.way) in (("int", "abort"), ("term", "resume")),  # one code path
                    quick=lambda c: c.deed == "int"
                    and matrix.is_one_of(c, FENCED, "close-from", "drain", "open-to", "flip")
                    or c.deed == "term" and matrix.is_one_of(c, "4-migration-day", "probe", "open-to"))
def test_stopped_by_a_signal_it_leaves_a_side_open_and_a_way_on(stage, case):
    stage.put(case.journey.starts_in)
    with stage.traffic(case.journey.sides, is_open=not case.journey.is_lossy) as traffic:
        began = time.monotonic()
        stopped = stage.cutover(*case.journey.words(stage), *RUN, failpoint=case.failpoint)
        wait_for_writes(traffic, stopped)
        assert traffic.writers.longest_gap_s(began) < BUDGET_S, told(stopped)
        if stopped.returncode == 0:
            wanted = {case.ends_in}  # it came too late: there was nothing left that could be left out
        else:
            wanted = go_on(stage, case, stopped)
            traffic.writers.wait_for_writes()
    stage.judge(traffic, wanted)


def test_stopped_between_the_commit_step_and_the_flip_the_records_are_flipped_first(stage):
    """Not in a part, but between two: what is kept there takes its time, and users must not be left with names that point
    at the closed side."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        stopped = stage.cutover("run", stage.path(FENCED), *RUN, failpoint="int@cut-over.open-to.between-parts")
        assert stopped.returncode == 6, told(stopped)
        assert stage.status()["situation"] == "switched", told(stopped)
        stage.ok("run", "--resume", *RUN)
        traffic.writers.wait_for_writes()
    stage.judge(traffic, {"switched"})


def test_stopped_while_the_intent_to_commit_is_written_users_do_not_wait_for_the_disk(stage):
    """It is written by another thread, beside the drain. What the run asks of the journal on its way back must be neither
    in that thread's way nor kept by it."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        stopped = stage.cutover("run", stage.path(FENCED), *RUN,
                                failpoint="nap@journal.commit,int@cut-over.drain.after-act")
        assert stopped.returncode == 6, told(stopped)
        refused_ms = float(re.search(r"Writes +were refused for ([0-9.]+) ms", stopped.stdout)[1])
        assert refused_ms < NAP_MS, told(stopped)
        assert "is kept" not in stopped.stderr, told(stopped)  # what had been held is struck out once that thread is through
        assert not stage.status()["run"]["is_committed"], "it was taken back: it had not begun"
        stage.ok("abort")
        traffic.writers.wait_for_writes()
    stage.judge(traffic, {"mirrored"})


def go_on(stage, case, stopped):
    """What the person at the terminal does next; where that must end."""
    assert stopped.returncode == 6, told(stopped)
    assert "stopped" in stopped.stderr and "was stopped" in stopped.stdout, told(stopped)
    status = stage.status()
    assert status["situation"] not in ("unsafe", "fenced"), status["because"]
    if case.way == "resume":
        stage.ok("run", "--resume", *RUN)
        return {case.ends_in}
    if status["run"]["is_committed"]:
        refuse_to_abort(stage)
        stage.ok("run", "--resume", *RUN)
        return {case.ends_in}
    stage.ok("abort")
    return set(case.journey.aborts_to)


@pytest.mark.faults(deeds=("error",), ways=("resume", "abort"),
                    quick=lambda c: c.way == "abort" and matrix.is_one_of(c, FENCED, "close-from", "open-to"))
def test_failing_in_a_part_it_undoes_the_step_or_asks_for_a_person(stage, case):
    stage.put(case.journey.starts_in)
    with stage.traffic(case.journey.sides, is_open=not case.journey.is_lossy) as traffic:
        began = time.monotonic()
        failed = stage.cutover(*case.journey.words(stage), *RUN, failpoint=case.failpoint)
        wait_for_writes(traffic, failed)
        assert traffic.writers.longest_gap_s(began) < BUDGET_S, told(failed)
        assert failed.returncode == exit_code_of_failure(case), told(failed)
        assert f"{case.part.step}/{case.part.what}" in failed.stderr, told(failed)
        assert "Next " in failed.stdout or "HINT" in failed.stderr, told(failed)
        status = stage.status()
        if case.is_committed:
            assert "--resume" in failed.stderr and status["next"], told(failed)
        else:
            assert status["situation"] not in ("unsafe", "fenced"), status["because"]
        if case.way == "abort" and not case.is_committed:
            stage.ok("abort")
            wanted = set(case.journey.aborts_to)
        else:
            if case.way == "abort":
                refuse_to_abort(stage)
            stage.ok("run", "--resume", *RUN)
            wanted = {case.ends_in}
        traffic.writers.wait_for_writes()
    stage.judge(traffic, wanted)


def exit_code_of_failure(case):
    """Past the commit step a person is needed. Before it the step was undone, if it had changed anything."""
    if case.is_committed:
        return 5
    return 4 if case.part.has_changed else 3
