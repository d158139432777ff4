# SPDX-License-Identifier: MIT
"""A primary dies in the middle of a cutover: the run ends soon, says which host it was, and leads on once it is back.

The controller stands still at a chosen place while the server is killed, and goes on afterwards.
"""

import os
import signal
import subprocess
import time

import pytest

from tests.lab.procs import wait_until

from .proxy import ELSE, RESET
from .stage import BINARY, told
from .test_killed import FENCED, RUN
from .writer import TABLE

BOUND_S = 45
AFTER_DRAIN = pytest.param("drain.after-outcome", marks=pytest.mark.slow_fault)
SHARED = "4-migration-day"
ABORT = pytest.param("abort", marks=pytest.mark.slow_fault)
RESUME = pytest.param("resume", marks=pytest.mark.slow_fault)


def run_and_kill(stage, playbook, place, victim):
    """Run to `place`, kill a primary there, let the run end. The process, with its output."""
    environment = {**os.environ, "CUTOVER_FAILPOINT": f"pause@cut-over.{place}"}
    process = stage.start("run", stage.path(playbook), *RUN, env=environment)
    try:
        wait_until(lambda: is_paused(process), 30, f"the run to come to {place}")
        stage.primaries[victim].kill9()
        began = time.monotonic()
        process.send_signal(signal.SIGCONT)
        stdout, stderr = process.communicate(timeout=BOUND_S)
    finally:
        process.kill()
        process.wait()
    done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
    assert done.returncode in (4, 5), told(done)
    assert stage.primaries[victim].address in stderr, told(done)
    assert time.monotonic() - began < BOUND_S
    return done


def is_paused(process):
    assert process.poll() is None, process.communicate()
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "T"


def bring_back(stage, victim):
    stage.primaries[victim].start()
    wait_until(stage.links_run, 30, "the links to come back")


def sides_that_take_writes(traffic, watched_s=1):
    """Where a write was acknowledged while this watched; the writers try several times in it."""
    try:
        return traffic.writers.wait_for_writes(count=1, deadline_s=watched_s)
    except AssertionError:
        return set()


@pytest.mark.parametrize("way", ["resume", ABORT])
@pytest.mark.parametrize("place", ["close-from.after-outcome", AFTER_DRAIN])
def test_new_dies_while_old_is_closed_and_old_opens_again_by_itself(stage, place, way):
    stage.put("mirrored")
    with stage.traffic() as traffic:
        failed = run_and_kill(stage, FENCED, place, "new")
        assert failed.returncode == 4, told(failed)
        assert traffic.writers.wait_for_writes(deadline_s=1) == {"old"}
        bring_back(stage, "new")
        if way == "abort":
            stage.ok("abort")
        else:
            stage.put_stagger()
            stage.ok("run", "--resume", *RUN)
        traffic.writers.wait_for_writes()
    stage.judge(traffic, {"mirrored" if way == "abort" else "switched"})


@pytest.mark.parametrize("way", [RESUME, "abort"])
def test_new_dies_as_it_is_opened_and_nobody_guesses_whether_it_was(stage, way):
    """It may have taken writes before it died: OLD stays closed until NEW can be asked."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        failed = run_and_kill(stage, FENCED, "open-to.before-act", "new")
        assert failed.returncode == 5, told(failed)
        assert stage.primaries["old"].value("SELECT @@global.read_only") == 1
        bring_back(stage, "new")
        if way == "abort":
            stage.ok("abort")
        else:
            stage.put_stagger()
            stage.ok("run", "--resume", *RUN)
        traffic.writers.wait_for_writes()
    stage.judge(traffic, {"mirrored" if way == "abort" else "switched"})


@pytest.mark.parametrize("way", [RESUME, "abort"])
@pytest.mark.parametrize("place", ["close-from.after-outcome", AFTER_DRAIN])
def test_old_dies_while_it_is_closed_and_a_person_is_told(stage, place, way):
    """Nobody can write then: OLD is gone and NEW was never opened. A MySQL comes back closed. A MariaDB may come back open,
    for its accounts are being locked while OLD drains, and are surely locked only when NEW opens: then OLD is open alone."""
    stage.put("mirrored")
    comes_back_closed = stage.primaries["old"].kind.flavour == "mysql"
    with stage.traffic() as traffic:
        failed = run_and_kill(stage, FENCED, place, "old")
        assert failed.returncode == 5, told(failed)
        assert "abort" in failed.stderr or "--resume" in failed.stderr, told(failed)
        bring_back(stage, "old")
        if not comes_back_closed and place.startswith("close-from"):
            let_in(stage, "old")
        assert sides_that_take_writes(traffic) <= (set() if comes_back_closed else {"old"})
        if way == "abort":
            stage.ok("abort")
        else:
            stage.ok("run", "--resume", *RUN)
        traffic.writers.wait_for_writes()
    stage.judge(traffic, {"mirrored" if way == "abort" else "switched"})


def let_in(stage, side):
    """As if the primary had died before the application's accounts were locked."""
    user = stage.lab.accounts["app"].user
    for row in stage.direct[side].query("SELECT host AS host FROM mysql.user WHERE user = %s", (user,)):
        stage.direct[side].query("SET SESSION sql_log_bin = 0;"
                                 f" ALTER USER '{user}'@'{row['host']}' ACCOUNT UNLOCK")


def test_new_dies_after_it_was_opened_and_comes_back_closed(stage):
    """Users are on OLD still, and their records point there. What the journal calls done is not true any more."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        failed = run_and_kill(stage, SHARED, "open-to.after-outcome", "new")
        assert failed.returncode == 5, told(failed)
        assert traffic.writers.wait_for_writes() == {"old"}
        bring_back(stage, "new")
        stage.put_stagger()
        stage.ok("run", "--resume", *RUN)
        assert traffic.writers.wait_for_writes() == {"new"}
    stage.judge(traffic, {"switched"})


@pytest.mark.parametrize("place", ["converge.before-act", pytest.param("flip.before-act", marks=pytest.mark.slow_fault)])
def test_old_dies_while_both_are_open_and_comes_back_closed(stage, place):
    """Its my.cnf has read_only, as the requirements ask. It is where `settle` would have led: the run goes on to its end."""
    stage.put("mirrored")
    old = stage.primaries["old"]
    with stage.traffic() as traffic:
        failed = run_and_kill(stage, SHARED, place, "old")
        assert failed.returncode == 5, told(failed)
        old.options["read-only"] = 1
        try:
            bring_back(stage, "old")
        finally:
            old.options["read-only"] = None
        stage.put_stagger()
        stage.ok("run", "--resume", *RUN)
        assert traffic.writers.wait_for_writes() == {"new"}
    stage.judge(traffic, {"switched"})


@pytest.mark.slow_fault
def test_old_dies_after_new_was_opened_beside_it(stage):
    """OLD comes back open and, when my.cnf does not say otherwise, not staggered: unsafe until a person mends that."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        failed = run_and_kill(stage, SHARED, "open-to.after-outcome", "old")
        assert failed.returncode == 5, told(failed)
        assert traffic.writers.wait_for_writes() == {"new"}
    assert_no_violation(traffic)
    bring_back(stage, "old")
    assert stage.status()["situation"] == "unsafe"
    stage.put_stagger()
    assert stage.status()["situation"] == "shared"
    with stage.traffic() as later:
        stage.ok("run", "--resume", *RUN)
        assert later.writers.wait_for_writes() == {"new"}
    stage.judge(later, {"switched"}, traffic)


def test_a_fence_outlives_its_server(stage):
    """MariaDB keeps no read_only over a restart: OLD, closed and then killed, comes back open beside NEW. The accounts of
    the application were locked there beforehand."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        failed = run_and_kill(stage, FENCED, "open-to.after-outcome", "old")
        assert failed.returncode == 5, told(failed)
        assert traffic.writers.wait_for_writes() == {"new"}
        bring_back(stage, "old")
        assert traffic.writers.wait_for_writes(count=200) == {"new"}
        status = stage.status()
        assert status["situation"] == "flipping" and status["next"], status
        stage.ok("run", "--resume", *RUN)
        assert traffic.writers.wait_for_writes(count=200) == {"new"}
    stage.judge(traffic, {"switched"})


@pytest.mark.slow_fault
def test_a_statement_whose_connection_was_lost_does_not_close_a_side_after_it_was_opened_again(stage):
    """OLD's read_only waits for a lock when its connection is reset. If it went on waiting, it would close OLD
    once the lock is gone: after the step was undone, and with nobody there to see it."""
    stage.put("mirrored")
    patient = stage.lab.config.variant("patient", lambda c: c["limits"].update(lock_wait="20s"))
    environment = {**os.environ, "CUTOVER_FAILPOINT": "pause@cut-over.close-from.before-act"}
    process = subprocess.Popen([BINARY, "-c", patient, "run", stage.path(FENCED), *RUN], text=True, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: is_paused(process), 60, "the run to come to the fence")
        with stage.direct["old"].connect() as holder, holder.cursor() as cursor:
            cursor.execute(f"LOCK TABLES {TABLE} WRITE")
            process.send_signal(signal.SIGCONT)
            wait_until(lambda: closing_statements(stage) or process.poll() is not None, 30, "the fence to wait")
            stage.proxies["old"].cut({ELSE}, RESET)
            stage.proxies["old"].heal()
            stdout, stderr = process.communicate(timeout=BOUND_S)
            cursor.execute("UNLOCK TABLES")
    finally:
        process.kill()
        process.wait()
    done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
    assert done.returncode == 4, told(done)
    wait_until(lambda: not closing_statements(stage), 30, "what is left there to end")
    assert stage.primaries["old"].value("SELECT @@global.read_only") == 0, told(done)


def closing_statements(stage):
    return [row for row in stage.primaries["old"].query("SHOW FULL PROCESSLIST")
            if "read_only" in (row["Info"] or "") and row["User"] != "root"]


def assert_no_violation(traffic):
    assert not traffic.watcher.violations, traffic.watcher.violations
