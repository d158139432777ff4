# SPDX-License-Identifier: MIT
"""kill -9 in every part of every playbook, then `run --resume` or `abort`, while an application writes."""

import signal

import pytest

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
    with stage.traffic(journey.sides) as traffic:
        words = ("run", stage.path(journey.playbook))
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
    with stage.traffic(case.journey.sides) as traffic:
        killed = stage.cutover("run", stage.path(case.journey.playbook), *RUN, failpoint=case.failpoint)
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


@pytest.mark.faults(deeds=("kill",), ways=("abort",),
                    where=lambda c: c.part.has_undo and not c.is_committed and c.point == "after-act",
                    quick=lambda c: matrix.is_one_of(c, FENCED, "close-from"))
def test_killed_while_it_aborts_it_can_be_aborted_again(stage, case):
    stage.put(case.journey.starts_in)
    with stage.traffic(case.journey.sides) as traffic:
        killed = stage.cutover("run", stage.path(case.journey.playbook), *RUN, failpoint=case.failpoint)
        assert killed.returncode == -signal.SIGKILL, told(killed)
        killed = stage.cutover("abort", failpoint=case.part.failpoint("kill", "before-undo").partition("#")[0])
        assert killed.returncode == -signal.SIGKILL, told(killed)
        stage.ok("abort")
        traffic.writers.wait_for_writes()
    stage.judge(traffic, set(case.journey.aborts_to))
