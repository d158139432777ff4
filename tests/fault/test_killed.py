# SPDX-License-Identifier: MIT
"""kill -9 in every part of every playbook, then `run --resume` or `abort`, while an application writes."""

import re
import signal

import pytest

from tests.lab.procs import wait_until

from . import matrix
from .stage import told

FENCED = "4-migration-day-fenced"
RUN = ("--yes", "--skip-ttl-wait")


def test_killed_once_in_every_part_a_run_still_arrives(stage, journey, plan):
    """The controller dies in the first part, is resumed, dies in the second, and so on to the end."""
    _killed_in_turn(stage, journey, plan, "after-act")


@pytest.mark.slow_fault
@pytest.mark.parametrize("point", ["before-act", "after-verify", "after-outcome"])
def test_killed_again_and_again_at_other_points_a_run_still_arrives(stage, journey, plan, point):
    _killed_in_turn(stage, journey, plan, point)


def _killed_in_turn(stage, journey, plan, point):
    stage.put(journey.starts_in)
    with stage.traffic(journey.sides, is_open=not journey.is_lossy) as traffic:
        words = journey.words(stage)
        for part in matrix.parts_of(plan):
            failpoint = part.failpoint("kill", point)
            if point == "after-outcome":  # the first part of that name is not acted upon again
                failpoint = failpoint.partition("#")[0]
            killed = stage.cutover(*words, *RUN, failpoint=failpoint)
            assert killed.returncode == -signal.SIGKILL, f"{part}: {told(killed)}"
            words = ("run", "--resume")
        stage.ok(*words, *RUN)
        traffic.writers.wait_for_writes()
    stage.judge(traffic, {plan["ends_in"]})


@pytest.mark.faults(deeds=("kill",), ways=("resume", "abort"),
                    quick=lambda c: c.way == "abort" and matrix.is_one_of(c, FENCED, "close-from", "open-to"))
def test_killed_in_a_part_the_run_can_be_resumed_or_aborted(stage, case):
    stage.put(case.journey.starts_in)
    records = stage.records()
    with stage.traffic(case.journey.sides, is_open=not case.journey.is_lossy) as traffic:
        killed = stage.cutover(*case.journey.words(stage), *RUN, failpoint=case.failpoint)
        assert killed.returncode == -signal.SIGKILL, told(killed)
        if case.way == "abort" and not case.is_committed:
            stage.ok("abort")
            wanted = set(case.journey.aborts_to)
            assert stage.records() == records
        else:
            if case.way == "abort":
                refuse_to_abort(stage)
            stage.ok("run", "--resume", *RUN)
            wanted = {case.ends_in}
        traffic.writers.wait_for_writes()
    stage.judge(traffic, wanted)


def refuse_to_abort(stage):
    """Past the commit step: exit 3, and both ways on are named."""
    refused = stage.cutover("abort")
    assert refused.returncode == 3, told(refused)
    assert "cutover rollback" in refused.stderr and "--resume" in refused.stderr, told(refused)


def test_a_fence_that_was_lost_after_a_crash_in_the_breath_is_closed_again_before_the_flip(stage):
    """NEW was opened, and the controller died before any outcome of the breath was on disk; then OLD restarts, and its
    read_only is gone. What is found done because NEW is open is doubted as well."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        killed = stage.cutover("run", stage.path(FENCED), *RUN, failpoint="kill@cut-over.open-to.after-act")
        assert killed.returncode == -signal.SIGKILL, told(killed)
        old = stage.primaries["old"]
        old.kill9()
        old.start()
        if old.kind.flavour == "mysql":  # it came back closed: somebody opens it for administrators
            old.query("SET PERSIST super_read_only = 0; SET GLOBAL read_only = 1")
        wait_until(stage.links_run, 30, "the links to come back")
        stage.put_stagger()
        resumed = stage.ok("run", "--resume", *RUN)
        assert re.search(r"cut-over/open-to: found done", resumed.stderr), told(resumed)
        assert re.search(r"cut-over/close-from was done and is not true any more", resumed.stderr), told(resumed)
        assert stage.open_sides() == {"new"}
        traffic.writers.wait_for_writes()
    status = stage.judge(traffic, {"switched"})
    stage.judge_journal(status["situation"])


@pytest.mark.faults(deeds=("kill",), ways=("abort",),
                    where=lambda c: c.part.has_undo and not c.is_committed and c.point == "after-act",
                    quick=lambda c: matrix.is_one_of(c, FENCED, "close-from"))
def test_killed_while_it_aborts_it_can_be_aborted_again(stage, case):
    stage.put(case.journey.starts_in)
    with stage.traffic(case.journey.sides, is_open=not case.journey.is_lossy) as traffic:
        killed = stage.cutover(*case.journey.words(stage), *RUN, failpoint=case.failpoint)
        assert killed.returncode == -signal.SIGKILL, told(killed)
        killed = stage.cutover("abort", failpoint=case.part.failpoint("kill", "before-undo").partition("#")[0])
        assert killed.returncode == -signal.SIGKILL, told(killed)
        stage.ok("abort")
        traffic.writers.wait_for_writes()
    stage.judge(traffic, set(case.journey.aborts_to))
