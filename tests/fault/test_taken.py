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


def holds(stage):
    """What keeps each side closed across a restart of its server: locked accounts and cutover.held, or what MySQL persists."""
    def hold(server):
        if server.kind.flavour == "mysql":
            return server.value("SELECT COALESCE(MAX(variable_value), 'OFF') FROM performance_schema.persisted_variables"
                                " WHERE variable_name = 'super_read_only'")
        locked = ("SELECT User, Host FROM mysql.global_priv WHERE COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0) = 1"
                  " ORDER BY 1, 2")
        return server.query(locked), server.query("SELECT user, host FROM cutover.held ORDER BY 1, 2") if has_held(server) else []
    return {side: hold(server) for side, server in stage.primaries.items()}


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


def resumed_without(stage, side, *words):
    """Another controller, which has adopted the run when the network between it and a primary is gone; its end."""
    with standing_still(stage, "run.adopted", *words) as second:
        stage.proxies[side].cut({ELSE}, SILENCE)
        done = goes_on(second)
    return done


@pytest.mark.parametrize("way", ["resume", "abort"])
@pytest.mark.parametrize("place", [
    pytest.param("close-from.after-act", marks=pytest.mark.slow_fault),  # closed; accounts may not be locked yet
    "still-closed.after-act",                                            # locked for sure; the intent to open is written
])
def test_who_cannot_ask_the_side_that_is_held_leaves_it_held_and_opens_nothing(stage, place, way):
    """OLD is closed and cannot be asked: nobody may write anywhere, and whoever waits is told."""
    stage.put("mirrored")
    words = ("abort", "--yes") if way == "abort" else ("run", "--resume", *RUN)
    with stage.traffic() as traffic:
        killed = stage.cutover("run", stage.path(FENCED), *RUN, failpoint=f"kill@cut-over.{place}")
        assert killed.returncode == -signal.SIGKILL, told(killed)
        held = holds(stage)
        done = resumed_without(stage, "old", *words)
        is_unsure = place.startswith("still-closed")
        assert done.returncode == (3 if is_unsure and way == "abort" else 5), told(done)
        assert stage.primaries["old"].address in done.stdout + done.stderr and "cutover abort" in done.stderr, told(done)
        assert ("it cannot be told whether" in done.stderr) == is_unsure, told(done)
        assert "passed its commit step" not in done.stderr, told(done)
        assert stage.open_sides() == set() and holds(stage) == held, told(done)
        stage.proxies["old"].heal()
        stage.ok(*words)
        traffic.writers.wait_for_writes()
    status = stage.judge(traffic, {"mirrored" if way == "abort" else "switched"})
    stage.judge_journal(status["situation"])


@pytest.mark.parametrize("point", [
    "before-act", pytest.param("between-acts", marks=pytest.mark.slow_fault), pytest.param("after-act", marks=pytest.mark.slow_fault)])
def test_a_way_back_that_cannot_ask_the_held_side_it_may_have_opened_opens_no_other(stage, point):
    """OLD, held since the users left it, was about to be opened, and was not, or was: NEW stays closed and held meanwhile."""
    stage.put("switched")
    if point == "between-acts" and stage.primaries["old"].kind.flavour == "mysql":
        pytest.skip("one statement opens a side whose fence is persisted")
    with stage.traffic() as traffic:
        killed = stage.cutover("rollback", "--playbook", stage.path("rollback-fenced"), *RUN,
                               failpoint=f"kill@cut-back.open-to.{point}")
        assert killed.returncode == -signal.SIGKILL, told(killed)
        opened, held = stage.open_sides(), holds(stage)
        assert "new" not in opened, told(killed)
        done = resumed_without(stage, "old", "run", "--resume", *RUN)
        assert done.returncode == 5, told(done)
        assert "it cannot be told whether" in done.stderr and "--resume" in done.stderr, told(done)
        assert stage.open_sides() == opened and holds(stage) == held, told(done)
        stage.proxies["old"].heal()
        stage.ok("run", "--resume", *RUN)
        traffic.writers.wait_for_writes()
    status = stage.judge(traffic, {"mirrored"})
    stage.judge_journal(status["situation"])


@pytest.mark.parametrize("place", [
    "before-batch",
    "allowed",  # has asked whether the lease is its own still, and will not ask again
])
def test_who_stood_still_while_another_made_the_copy_writes_nothing_into_it(stage, place):
    """In a worker, with rows in hand that it has read a minute ago. Nobody but a comparison would find them: nothing logs them."""
    stage.put("apart")
    new = stage.primaries["new"]
    with standing_still(stage, f"seed.{place}#3", "run", stage.path("1-follow"), *RUN) as first:
        began = time.monotonic()
        end_lease(stage)
        stage.ok("run", "--resume", *RUN)
        tables = [row["name"] for row in new.query("SELECT table_name AS name FROM information_schema.tables"
                                                   " WHERE table_schema = 'blog' AND table_type = 'BASE TABLE' ORDER BY 1")]
        stage.primaries["old"].query("SET foreign_key_checks = 0; SET GLOBAL event_scheduler = 0;"
                                     + "; ".join(f"DELETE FROM blog.{name}" for name in tables))
        new.wait_applied(stage.primaries["old"].position())  # so that no duplicate key keeps old rows out
        time.sleep(max(0.0, began + LOOKED_S - time.monotonic()))
        before = truth(stage)
        refuses(goes_on(first), before, truth(stage))
    rows = {name: new.value(f"SELECT COUNT(*) FROM blog.{name}") for name in tables}
    assert len(rows) > 3 and not any(rows.values()), rows
    assert stage.status()["situation"] == "following"
    stage.judge_journal("following")
