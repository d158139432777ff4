# SPDX-License-Identifier: MIT
"""Somebody else changes a server, a link or a record while a run waits: it stops at once, and says what, where, when and who.

Nothing is set back by the run; a server that merely restarts stops nobody.
"""

import contextlib
import re
import time

import pytest

from tests.integration.service import DONE, PERSON, REFUSED, SHARED, Stage
from tests.lab.lab import DNS_ONLY
from tests.lab.procs import wait_until

WATCH = '{ name = "watch"; action = "watch"; for = "30s"; rollback_if = [ "lag > 60s" ]; }'
GATE = '{ name = "go"; action = "gate"; require = [ "verified_age > 3h" ]; timeout = "30s"; }'
SECONDS = 3
AT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
TIMES = f"between {AT} and {AT}"


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


@pytest.fixture(name="service")
def a_mirrored_service(stage):
    return stage.service("mirrored")


def channel(service, side):
    """STOP and CHANGE in the words of that server; the channel of the link that ends there."""
    name = {"new": "cutover_forward", "old": "cutover_reverse"}[side]
    if service.primaries[side].kind.flavour == "mysql":
        return (f"STOP REPLICA FOR CHANNEL '{name}'", f"START REPLICA FOR CHANNEL '{name}'",
                f"CHANGE REPLICATION SOURCE TO SOURCE_DELAY = {{}} FOR CHANNEL '{name}'")
    return f"STOP SLAVE '{name}'", f"START SLAVE '{name}'", f"CHANGE MASTER '{name}' TO MASTER_DELAY = {{}}"


@contextlib.contextmanager
def waiting(service, step, says, cfg=None):
    """A run that is in the middle of a wait."""
    playbook = service.playbook("wait", "mirrored", step)
    with service.start("run", playbook, "--yes", cfg=cfg) as running:
        running.wait_says(says)
        time.sleep(1)  # it has looked at everything; nothing is waited for here: the run has to go on waiting
        yield running


def stopped(running, since, code, *patterns):
    done = running.end(20)
    took_s = time.monotonic() - since
    done.ended(code, TIMES, *patterns)
    assert took_s < SECONDS, f"it took {took_s:.1f} s: {done}"
    return done


@pytest.mark.parametrize(("side", "value", "was", "now"), [("new", 0, "on", "off"), ("old", 1, "off", "on")])
@pytest.mark.parametrize(("step", "says"), [(WATCH, "watch/watch:"), (GATE, "go/gate:")], ids=["watch", "gate"])
def test_read_only_that_somebody_sets_stops_a_wait_with_his_name(service, step, says, side, value, was, now):
    primary = service.primaries[side]
    with waiting(service, step, says) as running, primary.connect() as somebody, somebody.cursor() as cursor:
        session = primary_id(cursor)
        since = time.monotonic()
        cursor.execute(f"SET GLOBAL read_only = {value}")
        stopped(running, since, REFUSED, rf"{side.upper()} \([^)]+\): (super_)?read_only was {was}.* is {now}",
                rf"root@localhost \(session {session}\)", "nothing was set back")
        assert primary.value("SELECT @@read_only") == value
    primary.query(f"SET GLOBAL read_only = {1 - value}")


def primary_id(cursor):
    cursor.execute("SELECT CONNECTION_ID() AS id")
    return cursor.fetchone()["id"]


@pytest.mark.parametrize("side", ["new", "old"])
def test_a_link_that_somebody_stops_stops_the_run(service, side):
    primary = service.primaries[side]
    stop, start, _ = channel(service, side)
    with waiting(service, WATCH, "watch/watch:") as running:
        since = time.monotonic()
        primary.query(stop)
        stopped(running, since, REFUSED, rf"{side.upper()} \([^)]+\): its link was running, is stopped by hand")
        assert not any(link.runs for link in primary.links())
    primary.query(start)


def test_a_link_that_somebody_sets_otherwise_stops_the_run(service):
    primary = service.primaries["new"]
    stop, start, change = channel(service, "new")
    with waiting(service, WATCH, "watch/watch:") as running:
        since = time.monotonic()
        primary.query("; ".join((stop, change.format(1), start)))
        stopped(running, since, REFUSED, r"its link's settings was .*, is .*")
        assert primary.links()[0].runs
    primary.query("; ".join((stop, change.format(0), start)))


def test_a_record_that_somebody_changes_stops_the_run(service):
    cfg = service.config("watched", lambda c: c["dns"].update(watch="500ms"))
    before = service.lab.cloudflare.record(DNS_ONLY)
    with waiting(service, WATCH, "watch/watch:", cfg) as running:
        since = time.monotonic()
        service.lab.cloudflare.edit(DNS_ONLY, "A", ttl=before["ttl"] + 58)
        stopped(running, since, REFUSED, rf"{re.escape(DNS_ONLY)}: the record was .*, is .*TTL {before['ttl'] + 58}", "modified at")
    service.lab.cloudflare.edit(DNS_ONLY, "A", ttl=before["ttl"])


def test_after_the_commit_step_a_person_decides(service):
    playbook = service.playbook("crossed", "mirrored", *SHARED, WATCH)
    with service.start("run", playbook, "--yes", cfg=service.hasty) as running:
        running.wait_says("watch/watch:", 60)
        time.sleep(1)  # as in waiting()
        since = time.monotonic()
        service.primaries["old"].query("SET GLOBAL read_only = 1")
        done = stopped(running, since, PERSON, r"OLD \([^)]+\): read_only was off")
    assert service.open_sides() == ["new"], done
    service.primaries["old"].query("SET GLOBAL read_only = 0")
    assert service.cutover("report", "--json").ended(DONE).text.count('"drift"') == 1


def test_a_restart_is_told_and_stops_nobody(service):
    new = service.primaries["new"]
    # the link of a server that has just come back stands still for a moment, and its lag is infinite
    playbook = service.playbook("short", "mirrored", WATCH.replace('"30s"', '"12s"').replace("60s", "60s for 60s"))
    with service.start("run", playbook, "--yes") as running:
        running.wait_says("watch/watch:")
        time.sleep(2)  # an uptime is known to the second
        new.kill9()
        new.start()
        done = running.end(60).ended(DONE, r"NEW \([^)]+\) has restarted; it is closed now")
    wait_until(lambda: all(link.runs for link in new.links()), 30, "the link runs again")
    assert '"drift"' not in service.cutover("report", "--json").text, done


def test_the_runs_own_changes_are_no_drift(stage):
    """There and back in both modes, with waits in between."""
    service = stage.service("following")
    for situation in ("mirrored", "switched", "mirrored", "shared", "mirrored", "following"):
        service.reach(situation)
    assert '"drift"' not in service.cutover("report", "--json").text
