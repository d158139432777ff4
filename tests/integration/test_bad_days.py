# SPDX-License-Identifier: MIT
"""What goes wrong while something is being done: each ends in a named situation, says so, and loses nothing.

Killing and stopping the program itself is not here: tests/fault does that, in every step.
"""

import contextlib
import os
import pwd
import re
import resource
import signal
import sqlite3
import subprocess
import threading

import pymysql
import pytest

from tests.integration import programs
from tests.integration.service import (
    ABORTED, BUSY, CUT, DONE, FENCED, FENCED_BACK, MIRROR, PERSON, REFUSED, SHARED, UNDONE, Done, Referee, Stage)
from tests.lab import lab as labs
from tests.lab.cloudflare_carry import NEVER
from tests.lab.lab import DNS_ONLY, PROXIED
from tests.lab.procs import wait_until

SHORT_DNS_S = 3


@pytest.fixture(scope="module", name="stage")
def the_stage():
    with Stage(mb=1, site=False) as stage:
        yield stage


@pytest.fixture(name="service")
def mirrored_service(stage):
    return stage.service("mirrored")


@pytest.fixture(name="cut")
def shared_cutover(service):
    return service.playbook("cut", "mirrored", *SHARED)


@pytest.fixture(name="fence")
def fenced_cutover(service):
    return service.playbook("fence", "mirrored", *FENCED)


def short_of_dns(service):
    return service.config("short-of-dns", lambda c: c["limits"].update(dns=f"{SHORT_DNS_S}s"))


def gate(requirement, timeout="2s"):
    return f'{{ name = "go"; action = "gate"; require = [ "{requirement}" ]; timeout = "{timeout}"; }}'


def approve(question="Now?"):
    return f'{{ name = "ask"; action = "approve"; ask = "{question}"; }}'


@contextlib.contextmanager
def as_nobody_may(server):
    """A closed MySQL stops administrators, too: what a test plants there needs the seal off for a moment."""
    is_sealed = server.kind.flavour == "mysql" and server.value("SELECT @@GLOBAL.super_read_only")
    if is_sealed:
        server.query("SET GLOBAL super_read_only = 0")
    yield
    if is_sealed:
        server.query("SET GLOBAL super_read_only = 1")


def behind_the_back(server, sql, args=None):
    """Change a server past its binary log: nobody else will know."""
    with as_nobody_may(server):
        server.query(f"SET sql_log_bin = 0; {sql}", args)


def journal_of(service):
    return service.lab.cfg_path.parent / "journal.db"


@pytest.fixture(name="journal_copy")
def copied_journal(service):
    """A configuration with a copy of the journal, to be spoiled."""
    path = service.lab.cfg_path.parent / "copy.db"
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(journal_of(service))) as source, contextlib.closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    yield service.config("copy", lambda c: c.update(journal="copy.db")), path
    path.unlink(missing_ok=True)


def test_no_secret_reaches_the_journal(service):
    """Safety law 7. The links were made with the replication password, and by a run that this journal tells of."""
    secrets = [path.read_text().strip().encode() for path in (service.lab.cfg_path.parent / "secrets").iterdir()]
    kept = b"".join(path.read_bytes() for path in journal_of(service).parent.glob("journal.db*"))
    assert b"${secret:replication}" in kept and len(secrets) >= 4
    assert not [secret for secret in secrets if secret in kept]


def test_a_mirror_is_made_although_new_is_behind_when_it_begins(stage):
    """MariaDB ends a link for good (1236) whose replica asks for a transaction that the source has not yet."""
    service = stage.service("following")
    service.go("stagger", "following", MIRROR[:1])  # it ends sessions, too
    mirror = service.playbook("mirror", "following", *MIRROR[1:])
    with service.primaries["new"].connect() as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES blog.posts WRITE")
        service.write("old")
        with service.start("run", mirror, "--yes", cfg=service.hasty) as running:
            running.wait_says("catch up: ")
            cursor.execute("UNLOCK TABLES")
            running.end().ended(DONE)


# --- the provider's API during a flip ----------------------------------------------------------------------------

API_FAULTS = {
    "applied, but the answer was lost": {"kind": "drop_after"},
    "applied, and half of the answer came": {"kind": "truncate"},
    "applied, and the answer does not come": {"kind": "hang_after", "ms": 1000},
    "refused for too many requests": {"kind": "429", "retry_after": 1},
    "an error of theirs, twice": {"kind": "status", "status": 500, "times": 2},
    "an HTML page, twice": {"kind": "html", "status": 502, "times": 2},
    "slow": {"kind": "delay_before", "ms": 1000},
}


@pytest.mark.parametrize("fault", API_FAULTS)
def test_a_flip_ends_well_there_and_back_although_the_api_answers_badly(service, fence, fault):
    faults, log = service.lab.cloudflare.faults, service.lab.cloudflare.log
    spoil = {"method": "PATCH", "match": service.lab.cloudflare.record(PROXIED)["id"], **API_FAULTS[fault]}
    before = service.records()
    service.write()
    with Referee(service) as referee:
        faults.add(**spoil)
        service.run(fence, cfg=service.hasty).ended(DONE, "Situation switched")
        assert not faults.armed()
        assert (service.points_to(), service.open_sides()) == ("new", ["new"])
        service.write()
        faults.add(**spoil)
        service.go_back("switched", FENCED_BACK)
        assert not faults.armed()
    assert ("old", "new") not in referee.seen
    assert service.records() == before
    service.write()
    service.check_promises()
    assert {entry["status"] for entry in log.entries(method="POST")} == set()  # records are changed, never made


def test_an_api_that_is_down_before_the_flip_stops_the_cutover_before_anything_is_touched(service, fence):
    facts = service.facts()
    with Referee(service) as referee:
        service.lab.cloudflare.faults.add("status", status=503, times=0)
        service.run(fence).ended(REFUSED, "Cloudflare answers .*503", "nothing was changed")
        service.lab.cloudflare.faults.clear()
    assert service.facts() == facts
    assert referee.seen == {("old",)}


def test_a_record_that_somebody_changes_during_the_flip_is_left_alone_and_told(service, cut):
    cloudflare, origins = service.lab.cloudflare, service.lab.origins
    cloudflare.faults.add("edit_after", method="PATCH", match=cloudflare.record(PROXIED)["id"],
                          edit={"name": DNS_ONLY, "type": "A", "content": "192.0.2.77"})
    service.write()
    try:
        service.run(cut).ended(PERSON, f"{DNS_ONLY} A was changed by somebody else: expected {origins['old']} ttl 2, "
                                       "found 192.0.2.77 ttl 2", "Find out who else changes this zone")
        assert service.records()[DNS_ONLY][0] == "192.0.2.77"
        assert service.situation == "unsafe"
    finally:
        cloudflare.edit(DNS_ONLY, "A", content=origins["old"])
    service.wait_situation("shared")
    service.cutover("run", "--resume").ended(DONE, "Situation shared")
    assert service.points_to() == "new"
    service.check_promises()


def test_a_name_server_that_lags_is_named_and_resume_goes_on_once_it_is_mended(service, fence):
    cfg, carrier = short_of_dns(service), service.lab.cloudflare.carriers["ns2"]
    lagging = service.lab.dns.authoritative[1]
    service.write()
    carrier.delay_s = NEVER
    service.run(fence, cfg=cfg).ended(
        PERSON, f"name server {re.escape(lagging.dns)} still gives {service.lab.origins['old']} for {DNS_ONLY}",
        "cutover run --resume.*cutover rollback")
    assert service.situation == "switched"
    facts = service.facts()
    service.cutover("abort", "--yes").ended(REFUSED, "has passed its commit step", "cutover rollback")
    assert service.facts() == facts
    carrier.delay_s = 0
    service.cutover("run", "--resume").ended(DONE, "Situation switched")
    assert service.status()["run"]["state"] == "done"
    assert service.open_sides() == ["new"]
    service.check_promises()


# --- TTL ---------------------------------------------------------------------------------------------------------

def test_a_cutover_waits_for_the_old_ttl_unless_the_flag_is_named(service, fence, journal_copy):
    """With a copy of the journal: what is remembered of this TTL must not hold up the other tests."""
    cfg, _ = journal_copy
    low = service.playbook("low", "mirrored", '{ name = "low"; action = "dns.lower_ttl"; ttl = 2; }')
    service.lab.cloudflare.edit(DNS_ONLY, "A", ttl=60)
    service.run(low, "--skip-ttl-wait", cfg=cfg).ended(DONE, "the old TTL is not waited out, by --skip-ttl-wait")
    assert service.records()[DNS_ONLY] == (service.lab.origins["old"], 2)
    with service.unchanged():
        service.run(fence, cfg=cfg).ended(REFUSED, f"resolvers may keep the old answer of {DNS_ONLY} for another", "--skip-ttl-wait")
    service.run(fence, "--skip-ttl-wait", cfg=cfg).ended(DONE)
    assert service.points_to() == "new"


# --- data --------------------------------------------------------------------------------------------------------

def test_a_planted_difference_is_named_to_the_column_and_closes_the_gate(service):
    new = service.primaries["new"]
    service.cutover("verify").ended(DONE)
    behind_the_back(new, "UPDATE blog.tags SET colour = '#badbad' ORDER BY name LIMIT 1")
    row = new.query("SELECT name FROM blog.tags WHERE colour = '#badbad'")[0]["name"]
    colour = service.primaries["old"].value("SELECT colour FROM blog.tags WHERE name = %s", (row,))
    try:
        service.cutover("verify").ended(REFUSED, f"blog.tags.*{re.escape(row)}.*colour", "#badbad")
        [difference] = service.cutover("verify", "--json").ended(REFUSED).json["differences"]
        assert (difference["table"], difference["column"]) == ("blog.tags", "colour")
        with service.unchanged():
            service.run(service.playbook("verified", "mirrored", gate("verified = 100%"))).ended(REFUSED, "no go: NOT YET verified")
            compare = service.playbook("compare", "mirrored", '{ name = "compare"; action = "verify"; }', *SHARED)
            service.run(compare).ended(REFUSED, f"blog.tags.*{re.escape(row)}.*colour")
    finally:
        behind_the_back(new, "UPDATE blog.tags SET colour = %s WHERE name = %s", (colour, row))
    service.cutover("verify").ended(DONE)
    service.run(service.playbook("verified", "mirrored", gate("verified = 100%"))).ended(DONE, "go: verified 100.00%")


def test_a_collision_trips_the_watch_and_a_link_that_stopped_is_left_to_a_person(service):
    """The way back needs both links. One has stopped: the program tries what the playbook says, and says what it found."""
    old, new = service.primaries["old"], service.primaries["new"]
    watch = '{ name = "watch"; action = "watch"; for = "60s"; rollback_if = [ "conflicts > 0" ]; }'
    playbook = service.playbook("watched", "mirrored", *SHARED, watch)
    token = service.write("old")
    with service.start("run", playbook, "--yes") as running:
        running.wait_says("watching: lag")
        behind_the_back(new, "INSERT INTO blog.tags (name) VALUES ('collision')")
        old.query("INSERT INTO blog.tags (name) VALUES ('collision')")
        done = running.end()
    try:
        done.ended(PERSON, '"conflicts > 0" holds', "rolling back because of it",
                   "cutover_forward.*Duplicate entry 'collision' for key '(tags.)?PRIMARY'")
        assert service.situation == "unsafe"
        assert service.points_to() == "new"
    finally:
        behind_the_back(new, "DELETE FROM blog.tags WHERE name = 'collision'")
        programs.say(new, "start", channel="cutover_forward")
    service.wait_situation("shared")
    assert service.has("new", token)
    service.reach("mirrored")
    service.cutover("verify").ended(DONE)


def test_a_watch_that_trips_with_healthy_links_brings_the_users_back_by_itself(service):
    watch = '{ name = "watch"; action = "watch"; for = "60s"; rollback_if = [ "lag < 1h" ]; }'
    service.write()
    service.run(service.playbook("watched", "mirrored", *SHARED, watch)).ended(
        PERSON, '"lag < 1h" holds', "rolling back because of it", "Situation mirrored")
    assert (service.situation, service.points_to(), service.open_sides()) == ("mirrored", "old", ["old"])
    assert service.events() == {"old": "ENABLED", "new": "SLAVESIDE_DISABLED"}
    service.check_promises()


# --- NEW and its own writes --------------------------------------------------------------------------------------

def test_a_stray_write_on_new_forbids_the_mirror_until_new_was_reset(stage):
    service = stage.service("following")
    new = service.primaries["new"]
    with as_nobody_may(new):
        new.query("CREATE DATABASE stray")
    try:
        with service.unchanged():
            service.run(service.shipped("3-mirror")).ended(REFUSED, r"NEW took writes of its own.*: (2-201-\d+|[0-9a-f-]{36}:\d+)",
                                                          "1-follow")
    finally:
        for node in service.lab.new.nodes:
            behind_the_back(node, "DROP DATABASE IF EXISTS stray")
    service.reach("apart")
    service.run(service.shipped("1-follow")).ended(DONE)
    service.run(service.shipped("3-mirror")).ended(DONE, "Situation mirrored")


def test_what_a_rehearsal_wrote_is_gone_after_the_reset_and_the_way_goes_on(stage):
    service = stage.service("following")
    before = service.facts()["data"]["old"]
    service.run(service.playbook("rehearse", "following", '{ name = "r"; action = "rehearse"; }')).ended(DONE, "Situation rehearsing")
    load_test = service.write("new")
    service.promises.remove(load_test)
    service.run(service.shipped("3-mirror")).ended(REFUSED, "the service is in rehearsing")
    service.reach("apart")
    assert service.facts()["data"] == {"old": before, "new": None}
    service.run(service.shipped("1-follow")).ended(DONE)
    service.run(service.shipped("3-mirror")).ended(DONE, "Situation mirrored")
    assert not any(service.has(side, load_test) for side in service.primaries)
    service.cutover("verify").ended(DONE)


def test_the_shipped_rehearsal_ends_apart(stage):
    service = stage.service("following")
    service.run(service.shipped("2-rehearse-and-reset")).ended(DONE, "Situation apart")
    assert (service.links(), service.open_sides()) == ({"old": [], "new": []}, ["old"])


def test_after_there_and_back_and_a_reset_new_is_seeded_again_and_its_domain_is_used_again(service, fence):
    service.run(fence).ended(DONE)
    service.write("new")
    service.go_back("switched", FENCED_BACK)
    service.reach("apart")
    service.run(service.shipped("1-follow")).ended(DONE)
    service.run(service.shipped("3-mirror")).ended(DONE)
    service.run(fence).ended(DONE)
    service.write("new")
    service.check_promises()
    service.cutover("verify").ended(DONE)


# --- steps, gates and people -------------------------------------------------------------------------------------

def test_from_begins_at_a_step_that_the_situation_allows_and_at_no_other(stage):
    service = stage.service("following")
    with service.unchanged():
        done = service.run(service.shipped("1-follow"), "--from", "verify").ended(DONE, "Situation following")
        assert "seed" not in done.text
        service.run(service.shipped("1-follow"), "--from", "seed").ended(
            REFUSED, "needs the situation apart, but the service is in following")


def test_a_gate_that_stays_closed_ends_in_a_refusal_with_its_live_values(service):
    path = service.playbook("closed", "mirrored", gate("stragglers > 1000"), *SHARED)
    with service.unchanged():
        service.run(path).ended(REFUSED, "no go: NOT YET stragglers", "nothing was changed", "cutover run --resume")


def test_without_a_terminal_nobody_is_asked_and_nothing_is_done(service, cut):
    asking = service.playbook("asking", "mirrored", approve(), *SHARED)
    plan = service.lab.root / "asking.plan"
    with service.unchanged():
        service.cutover("run", cut).ended(REFUSED, "standard input is no terminal", "--yes")
        service.cutover("plan", asking, "--out", plan).ended(DONE)
        service.cutover("run", "--plan", plan).ended(REFUSED, "nobody can be asked", "--yes")


@pytest.mark.parametrize("typed", [["n"], ["y", "n"], ["maybe", "y", "", "n"]], ids=" ".join)
def test_a_person_who_says_no_ends_the_run_and_nothing_is_done(service, typed):
    asking = service.playbook("asking", "mirrored", approve("Is it the right night?"), *SHARED)
    with service.unchanged(), service.start("run", asking, typed=typed) as running:
        done = running.end().ended(ABORTED, "a person said no")
    assert done.text.count("Please type y or n") == len(typed) - sum(answer in "yn" and answer != "" for answer in typed)


def test_a_person_who_says_yes_twice_gets_what_was_asked(service):
    asking = service.playbook("asking", "mirrored", approve(), *FENCED)
    with service.start("run", asking, typed=["y", "y"]) as running:
        running.end().ended(DONE, "Situation switched")


def test_a_run_that_was_cut_short_is_in_the_way_of_the_next_and_both_ways_out_are_named(stage):
    service = stage.service("following")
    done = service.run(service.shipped("3-mirror"), env={"CUTOVER_FAILPOINT": "kill@mirror.make-link.after-act"})
    assert done.code == -signal.SIGKILL, done
    facts = service.facts()
    service.run(service.playbook("cut", facts["situation"], gate("links = up"))).ended(
        REFUSED, r"run \w+ of playbook mirror is not finished", "cutover run --resume", "cutover abort")
    assert service.facts() == facts
    service.cutover("run", "--resume").ended(DONE, "Situation mirrored")
    service.cutover("run", "--resume").ended(REFUSED, "is done already")


def test_a_server_that_goes_away_before_the_lease_is_taken_leaves_nothing_to_look_up(stage):
    service = stage.service("apart")
    new, facts = service.primaries["new"], service.facts()
    preparing = ("SELECT id FROM information_schema.PROCESSLIST WHERE info LIKE 'CREATE DATABASE%'"
                 " AND id <> CONNECTION_ID()")
    with new.connect() as holder, holder.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        with service.start("run", service.shipped("1-follow"), "--yes") as running:
            [row] = wait_until(lambda: new.query(preparing), 20, "the run to make its schema on NEW")
            new.query(f"KILL {next(iter(row.values()))}")

            running.end().ended(REFUSED, "preparing the schema cutover", "nothing was begun", "cutover status")
    assert service.facts() == facts
    service.run(service.shipped("1-follow")).ended(DONE, "Situation following")


# --- two controllers ---------------------------------------------------------------------------------------------

def test_a_second_controller_changes_nothing_and_is_told_who_holds_the_lease(service, cut):
    elsewhere = service.config("elsewhere", lambda c: c.update(journal="elsewhere.db"))
    waiting = service.playbook("waiting", "mirrored", '{ name = "s"; action = "stagger"; }', gate("stragglers > 1000", "2m"))
    user = pwd.getpwuid(os.geteuid()).pw_name
    with service.start("run", waiting, "--yes") as first:
        [run] = re.findall(r"run (\w+) ", first.wait_says(r"run \w+ .*\n(.*\n)*.*gate: ").group())[:1]
        holder = rf"the lease is held by {user}@\S+ pid \d+, run {run}"
        facts = service.facts()
        service.run(cut, cfg=elsewhere).ended(BUSY, holder)       # from another machine
        service.run(cut).ended(BUSY, holder)                      # with the same journal
        service.cutover("abort", "--yes").ended(BUSY, holder)
        service.cutover("run", "--resume").ended(BUSY, holder)
        assert service.facts() == facts
        assert re.search(holder.removeprefix("the lease is held by "), service.status()["lease"]["holder"])
        first.signal(signal.SIGINT)
        first.end().ended(ABORTED)
    service.cutover("abort", "--yes").ended(DONE, "Situation mirrored")


def test_a_rollback_by_a_second_controller_does_not_end_the_run_of_the_first(service):
    waiting = service.playbook("waiting", "mirrored", *FENCED, gate("stragglers > 1000", "2m"))
    with service.start("run", waiting, "--yes") as first:
        first.wait_says("gate: ")
        service.cutover("rollback", "--yes").ended(BUSY, r"the lease is held by \S+@\S+ pid \d+, run \w+")
        assert service.status()["run"]["state"] == "running"
        first.signal(signal.SIGINT)
        first.end().ended(ABORTED)
    assert service.situation == "switched"


# --- the fence ---------------------------------------------------------------------------------------------------

def test_a_budget_that_cannot_be_kept_is_refused_before_anything_is_touched(service):
    tight = service.playbook("tight", "mirrored", CUT.format(here="old", there="new", mode="fenced").replace("20s", "1ms"))
    with Referee(service) as referee, service.unchanged():
        service.run(tight).ended(REFUSED, "writes would be refused for about .* over the budget of 1 ms", "nothing was touched")
    assert referee.seen == {("old",)}


def test_an_idle_transaction_is_ended_at_the_fence_and_its_commit_fails(service, fence):
    old, app = service.primaries["old"], service.lab.accounts["app"]
    forgotten = old.connect(app, autocommit=False)
    with Referee(service) as referee:
        forgotten.cursor().execute("INSERT INTO blog.tags (name) VALUES ('never committed')")
        service.run(fence).ended(DONE, rf"ended on OLD: id {forgotten.thread_id()} app@", "Situation switched")
        with pytest.raises(pymysql.err.MySQLError):
            forgotten.commit()
    assert ("old", "new") not in referee.seen
    for primary in service.primaries.values():
        assert primary.value("SELECT COUNT(*) FROM blog.tags WHERE name = 'never committed'") == 0
    service.check_promises()


def test_a_running_write_is_not_cut_the_fence_gives_way_and_names_it(service, fence):
    old, app = service.primaries["old"], service.lab.accounts["app"]
    slow = "UPDATE blog.tags SET description = 'slow' WHERE SLEEP(6) = 0 LIMIT 1"
    writer = threading.Thread(target=lambda: old.query(slow, account=app))
    running = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE blog.tags%'"
    with Referee(service) as referee:
        writer.start()
        wait_until(lambda: old.value(running) == 1, 30, "the slow write to run")
        service.run(fence).ended(UNDONE, r"running writes did not end within 1\.0 s \(limits.lock_wait\)", "app@.*UPDATE blog.tags",
                                 "Situation mirrored")
        assert service.open_sides() == ["old"]
        service.write("old")
    writer.join(20)
    assert not writer.is_alive()
    assert ("old", "new") not in referee.seen and ("new",) not in referee.seen
    assert old.value("SELECT COUNT(*) FROM blog.tags WHERE description = 'slow'") == 1  # it was let finish
    service.check_promises()


# --- the journal -------------------------------------------------------------------------------------------------

def test_a_journal_from_a_newer_version_is_not_touched(service, cut, journal_copy):
    cfg, path = journal_copy
    with contextlib.closing(sqlite3.connect(path)) as journal:
        journal.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with service.unchanged():
        for words, code in ((("run", cut, "--yes"), UNDONE), (("run", "--resume"), PERSON), (("abort", "--yes"), PERSON), (("report",), UNDONE)):
            service.cutover(*words, cfg=cfg).ended(code, re.escape(str(path)), r"schema 99", "a newer cutover wrote it")
    assert path.read_bytes() == before


def test_a_report_of_a_journal_that_was_tampered_with_says_so(service, journal_copy):
    cfg, path = journal_copy
    service.cutover("report", cfg=cfg).ended(DONE)
    with contextlib.closing(sqlite3.connect(path)) as journal:
        table = next(name for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if "event" in name)
        journal.execute(f"UPDATE {table} SET detail = replace(detail, 'NEW', 'OLD') WHERE detail LIKE '%NEW%'")
        journal.commit()
    for form in ("text", "json", "markdown"):
        service.cutover("report", "--format", form, cfg=cfg).ended(REFUSED, "event", "chain|changed|hash")


def test_a_journal_that_is_no_journal_is_named(service, cut):
    cfg = service.config("no-journal", lambda c: c.update(journal="text.db"))
    path = service.lab.cfg_path.parent / "text.db"
    path.write_text("this is a letter to my mother, and no database at all\n" * 100)
    with service.unchanged():
        service.run(cut, cfg=cfg).ended(UNDONE, re.escape(str(path)))
    assert path.read_text().startswith("this is a letter")


@contextlib.contextmanager
def small_disk(folder, size_kb):
    """A file system that is soon full; None when nothing may be mounted here."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "none", folder], capture_output=True, check=False)
    try:
        yield folder if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def limited(service, cfg, words, limit_bytes):
    """The program, unable to let any file grow over a size. Signals as for Python itself: SIGXFSZ is ignored."""
    done = subprocess.run([labs.CUTOVER, "-c", cfg, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, check=False, restore_signals=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes)))
    return Done(words, done)


@pytest.mark.parametrize("size_kb", [8, 96, 160])
def test_a_full_disk_under_the_journal_never_leaves_the_service_closed(service, fence, tmp_path, size_kb):
    """From nothing fits to nearly all fits: whatever the program had begun, it ends with one open side and says why."""
    service.write()
    with small_disk(tmp_path / "disk", size_kb) as disk, Referee(service) as referee:
        cfg = service.config("full", lambda c: c.update(journal=str((disk or tmp_path) / "full.db")))
        words = ("run", fence, "--yes")
        done = service.cutover(*words, cfg=cfg) if disk else limited(service, cfg, words, size_kb * 1024 // 2)
        assert done.code in (REFUSED, UNDONE, PERSON), done
        done.ended(done.code, re.escape(str(disk or tmp_path)), "full|too large|disk I/O")
        assert service.open_sides() == (["new"] if service.situation == "switched" else ["old"])
        assert ("old", "new") not in referee.seen
    service.reach("mirrored")
    service.check_promises()
