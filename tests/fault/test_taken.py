# SPDX-License-Identifier: MIT
"""A controller stands still, its lease runs out, another one takes its run; then the first goes on as if nothing had been.

It must find out before it changes anything: on a server, at the provider, or in the journal. That its lease has run out
is what a server does to a session that was silent for a minute: here the sessions are ended at once.
"""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import time

import pytest

from tests.lab.procs import wait_until

from .proxy import ELSE, SILENCE
from .stage import told
from .test_killed import FENCED, RUN
from .test_servers_die import is_paused

BOUND_S = 60
LOOKED_S = 4  # for so long what a controller has seen of its lease counts (FRESH_MS in lease.c), and a bit


@contextlib.contextmanager
def standing_still(stage, failpoint, *words):
    """The program, stopped at a failpoint."""
    process = stage.start(*words, env={**os.environ, "CUTOVER_FAILPOINT": f"pause@{failpoint}"})
    try:
        wait_until(lambda: is_paused(process), BOUND_S, f"the run to come to {failpoint}")
        yield process
    finally:
        process.kill()
        process.wait()


def end_lease(stage):
    """What servers do to a lease that nobody has asked for a minute."""
    for server in stage.primaries.values():
        for row in server.query("SELECT IS_USED_LOCK('cutover.blog') AS thread_id"):
            server.query(f"KILL CONNECTION {row['thread_id']}")
        wait_until(lambda server=server: server.value("SELECT IS_USED_LOCK('cutover.blog')") is None, 10,
                   "the lease to end")


def goes_on(process):
    process.send_signal(signal.SIGCONT)
    stdout, stderr = process.communicate(timeout=BOUND_S)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def truth(stage):
    """All that a controller changes: the doors, the accounts, the links, the records, the journal."""
    with contextlib.closing(sqlite3.connect(f"file:{stage.journal}?mode=ro", uri=True)) as journal:
        written = [journal.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
                   for table in ("run", "step", "event", "variable", "memory")]
    return {"open": stage.open_sides(), "records": stage.records(), "journal": written,
            "links": {server.name: [(link.name, link.runs) for link in server.links()] for server in stage.lab.servers},
            "held": {side: server.query("SELECT user, host FROM cutover.held ORDER BY 1, 2")
                     for side, server in stage.primaries.items() if has_held(server)}}


def has_held(server):
    return server.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'cutover'"
                        " AND table_name = 'held'")


def refuses(done, before, after):
    assert done.returncode == 7, told(done)
    assert re.search(r"run \w+ is not ours any more: \S+@\S+ pid \d+ took it at 20\d\d-", done.stderr), told(done)
    assert "cutover status" in done.stderr, told(done)
    assert after == before, told(done)


def goes_on_in_vain(stage, place, take, still_s=LOOKED_S):
    """Under traffic: one stands still at a place, another takes its run by `take`, the first goes on and changes nothing.

    The traffic, for the judge.
    """
    stage.put("mirrored")
    with stage.traffic() as traffic:
        with standing_still(stage, place, "run", stage.path(FENCED), *RUN) as first:
            began = time.monotonic()
            end_lease(stage)
            take(traffic)
            time.sleep(max(0.0, began + still_s - time.monotonic()))  # how long a standstill is, not a hope
            before = truth(stage)
            done = goes_on(first)
            refuses(done, before, truth(stage))
        traffic.writers.wait_for_writes()
    return traffic


@pytest.mark.parametrize("way", ["resume", "abort"])
@pytest.mark.parametrize("place", [
    pytest.param("go-no-go.gate.before-act", marks=pytest.mark.slow_fault),  # nothing but a journal to write to
    pytest.param("cut-over.close-from.before-act", marks=pytest.mark.slow_fault),
    "cut-over.close-from.after-act",      # a side is closed, and the other one has opened it, or not
    pytest.param("cut-over.still-closed.after-act", marks=pytest.mark.slow_fault),
    "cut-over.open-to.before-act",        # after the last question, right before the statement that opens
])
def test_who_stood_still_while_another_took_the_run_changes_nothing(stage, place, way):
    def take(traffic):
        stage.ok(*(["abort"] if way == "abort" else ["run", "--resume", *RUN]))
        traffic.writers.wait_for_writes()

    traffic = goes_on_in_vain(stage, place, take)
    status = stage.judge(traffic, {"mirrored" if way == "abort" else "switched"})
    stage.judge_journal(status["situation"])


def test_the_statement_that_opens_asks_for_the_lease_itself(stage):
    """However short it stood still: between the last question and the statement another one aborts its run."""
    traffic = goes_on_in_vain(stage, "cut-over.open-to.before-act", lambda _: stage.ok("abort"), still_s=0)
    stage.judge(traffic, {"mirrored"})


@pytest.mark.parametrize("way", ["resume", "abort"])
def test_a_lease_that_ran_out_behind_the_fence_opens_no_side_and_a_person_is_told(stage, way):
    """Nobody came, but who stood still cannot know that: another controller may have come and gone."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        with standing_still(stage, "cut-over.open-to.before-act", "run", stage.path(FENCED), *RUN) as first:
            end_lease(stage)
            done = goes_on(first)
        assert done.returncode == 5, told(done)
        assert "abort" in done.stderr and stage.open_sides() == set(), told(done)
        stage.ok(*(["abort"] if way == "abort" else ["run", "--resume", *RUN]))
        traffic.writers.wait_for_writes()
    status = stage.judge(traffic, {"mirrored" if way == "abort" else "switched"})
    stage.judge_journal(status["situation"])


def test_a_rollback_that_closes_a_run_takes_it_from_who_stood_still_in_it(stage):
    """Past the commit step: the way back supersedes the run, and the first one must not flip the records after it."""
    def take(_):
        stage.lab.dns.resolver.flush()
        stage.ok("rollback", "--playbook", stage.path("rollback-fenced"), *RUN)

    stage.judge(goes_on_in_vain(stage, "cut-over.flip.before-act", take), {"mirrored"})


@pytest.mark.parametrize("point", ["before-act", "after-act"])
def test_a_resume_that_cannot_ask_whether_new_was_opened_leaves_old_closed(stage, point):
    """The journal says that NEW was about to be opened, and NEW does not answer: OLD must stay closed."""
    stage.put("mirrored")
    with stage.traffic() as traffic:
        killed = stage.cutover("run", stage.path(FENCED), *RUN, failpoint=f"kill@cut-over.open-to.{point}")
        assert killed.returncode == -signal.SIGKILL, told(killed)
        opened = stage.open_sides()
        with standing_still(stage, "run.adopted", "run", "--resume", *RUN) as second:
            stage.proxies["new"].cut({ELSE}, SILENCE)
            done = goes_on(second)
        assert done.returncode == 5, told(done)
        assert "it cannot be told whether" in done.stderr and "--resume" in done.stderr, told(done)
        assert stage.open_sides() == opened, told(done)
        stage.proxies["new"].heal()
        stage.ok("run", "--resume", *RUN)
        traffic.writers.wait_for_writes()
    status = stage.judge(traffic, {"switched"})
    stage.judge_journal(status["situation"])
