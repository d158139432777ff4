# SPDX-License-Identifier: MIT
"""Workers that are units of a real systemd, one of its own for OLD's host: stopped, started and asked by systemctl, in
every state that a unit can be found in."""

import contextlib
import json

import pytest

from tests.integration.service import DONE, PERSON, REFUSED, UNDONE, Stage
from tests.lab import sshd
from tests.lab.procs import wait_until
from tests.lab.servers import Absent
from tests.lab.systemd import Systemd

STOP = '{ name = "rest"; action = "stop-services"; side = "old"; }'
START = '{ name = "work"; action = "start-services"; side = "old"; }'
FOR_EVER = "exec sleep infinity"
UNITS = {
    "worker.service": f"[Service]\nExecStart=/bin/sh -c '{FOR_EVER}'\n",
    # It leaves SIGTERM alone: systemd kills it after a second, and calls it failed.
    "stubborn.service": "[Service]\nTimeoutStopSec=1\nExecStart=/bin/sh -c 'trap \"\" TERM; while :; do sleep 1; done'\n",
    # It takes its time to end, more than the 3 s that its test gives it.
    "slow.service": f"[Service]\nTimeoutStopSec=300\nExecStart=/bin/sh -c '{FOR_EVER}'\nExecStop=/bin/sleep 8\n",
    # It never says that it is up.
    "shy.service": f"[Service]\nType=notify\nTimeoutStartSec=300\nExecStart=/bin/sh -c '{FOR_EVER}'\n",
    "broken.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/false\n",
    "brief.service": "[Service]\nExecStart=/bin/true\n",
}


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0, ssh=True) as stage:
        yield stage


@pytest.fixture(name="systemd")
def with_systemd(stage, tmp_path):
    """On OLD's host `systemctl` is that of a systemd with these units."""
    service = stage.service("mirrored")
    try:
        systemd = Systemd(tmp_path / "systemd", UNITS)
        systemd.start()
    except Absent as absent:
        pytest.skip(str(absent))
    host = service.lab.hosts["old1"]
    former = list(host.options)
    host.restart(sshd.path_option(systemd.bin), *former)
    systemd.service = service
    try:
        yield systemd
    finally:
        with contextlib.suppress(AssertionError):
            service.cutover("abort", "--yes")
        host.restart(*former)
        systemd.stop()


def config(systemd, unit, timeout="30s"):
    """One worker, and nothing remembered of the units of other tests."""
    service = systemd.service
    return service.config(f"unit-{unit.partition('.')[0]}", lambda c: c["old"].update(
        services=({"name": unit.partition(".")[0], "unit": unit, "timeout": timeout},)))


def step(systemd, words, cfg):
    return systemd.service.run(systemd.service.playbook("step", "mirrored", words), cfg=cfg)


def found(systemd, cfg):
    done = systemd.service.cutover("check", "--json", cfg=cfg)
    assert done.code in (DONE, REFUSED), done
    return {each["check"]: (each["severity"], each["found"]) for each in json.loads(done.out)["findings"]
            if each["check"].startswith("services.")}


def test_a_unit_is_stopped_and_started_and_nothing_is_done_twice(systemd):
    cfg = config(systemd, "worker.service")
    systemd.do("start", "worker.service")
    assert {severity for severity, _ in found(systemd, cfg).values()} == {"ok"}
    step(systemd, STOP, cfg).ended(DONE, r"worker on \S+ rests")
    assert systemd.state("worker.service") == "inactive"
    systemd.service.cutover("status", cfg=cfg).ended(DONE, r"worker of OLD was stopped by run", r"systemctl start worker.service")
    assert found(systemd, cfg)["services.place"][0] == "warn", "the users are on OLD, and it rests there"
    step(systemd, START, cfg).ended(DONE, r"worker on \S+ runs")
    assert systemd.state("worker.service") == "active"
    first = systemd.ask("show", "-p", "MainPID", "--value", "worker.service")
    step(systemd, START, cfg).ended(DONE)
    assert systemd.ask("show", "-p", "MainPID", "--value", "worker.service") == first, "what runs is left alone"


def test_a_unit_that_systemd_has_to_kill_rests_though_it_failed(systemd):
    cfg = config(systemd, "stubborn.service")
    systemd.do("start", "stubborn.service")
    step(systemd, STOP, cfg).ended(DONE, r"stubborn on \S+ rests")
    assert systemd.state("stubborn.service") == "failed"
    step(systemd, START, cfg).ended(DONE, r"stubborn on \S+ runs")
    assert systemd.state("stubborn.service") == "active"


def test_a_unit_that_ends_too_late_is_started_again(systemd):
    """systemd goes on to stop it when nobody waits for that any more: undone is undone only when it runs again."""
    cfg = config(systemd, "slow.service", timeout="3s")
    systemd.do("start", "slow.service")
    first = systemd.ask("show", "-p", "MainPID", "--value", "slow.service")
    done = step(systemd, STOP, cfg)
    assert done.code in (UNDONE, PERSON) and "stopping slow on" in done.text, "something was changed, however it ended"
    wait_until(lambda: systemd.state("slow.service") == "active", 60, "the unit to run again")
    assert systemd.ask("show", "-p", "MainPID", "--value", "slow.service") != first, "the stop was on its way"
    systemd.service.cutover("abort", "--yes", cfg=cfg).ended(DONE)
    assert systemd.state("slow.service") == "active" and found(systemd, cfg)["services.place"][0] == "ok"


def test_a_unit_on_its_way_up_runs_and_can_be_stopped(systemd):
    cfg = config(systemd, "shy.service", timeout="3s")
    systemd.do("start", "--no-block", "shy.service")
    wait_until(lambda: systemd.state("shy.service") == "activating", 30, "the unit to begin")
    assert found(systemd, cfg)["services.place"][0] == "ok"
    step(systemd, STOP, config(systemd, "shy.service")).ended(DONE, r"shy on \S+ rests")
    assert systemd.state("shy.service") == "inactive"


@pytest.mark.parametrize("unit", ["broken.service", "brief.service"])
def test_a_unit_that_does_not_stay_up_is_no_success(systemd, unit):
    """systemctl start says so of the one, and is content with the other, which ends at once."""
    cfg = config(systemd, unit, timeout="5s")
    done = step(systemd, START, cfg)
    done.ended(UNDONE, r"failed; the step was undone", unit.partition(".")[0])
    assert systemd.state(unit) == ("failed" if unit.startswith("broken") else "inactive")


def test_a_masked_unit_rests(systemd):
    cfg = config(systemd, "worker.service", timeout="5s")
    (systemd.units / "worker.service").unlink()
    systemd.do("mask", "--runtime", "worker.service")
    step(systemd, STOP, cfg).ended(DONE, r"rests, as it did already")
    assert systemd.ask("show", "-p", "LoadState", "--value", "worker.service") == "masked"
    assert systemd.state("worker.service") == "inactive"


def test_a_unit_that_does_not_exist_bars_the_way(systemd):
    cfg = config(systemd, "nothing.service")
    severity, says = found(systemd, cfg)["services.host"]
    assert severity == "block" and "systemd has no unit nothing.service" in says
    with systemd.service.unchanged(but=("data",)):
        done = step(systemd, STOP, cfg)
        done.ended(REFUSED, r"nothing of that step was changed", r"systemd has no unit nothing.service \(LoadState=not-found\)")


def test_a_systemd_that_does_not_answer_is_not_taken_for_rest(systemd):
    cfg = config(systemd, "worker.service")
    systemd.do("start", "worker.service")
    (systemd.bin / "systemctl").write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n")
    severity, says = found(systemd, cfg)["services.host"]
    assert severity == "block" and "Failed to connect to bus" in says
    done = step(systemd, STOP, cfg)
    done.ended(REFUSED, "Failed to connect to bus")
