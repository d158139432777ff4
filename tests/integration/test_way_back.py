# SPDX-License-Identifier: MIT
"""Going back as an equal of going there: from where it is possible, what is said about it, and what is left when the
link back is gone.
"""

import contextlib
import json
import os
import re
import signal
import stat
import uuid

import pytest

from tests.integration import programs
from tests.integration.service import ABORTED, DONE, FENCED, REFUSED, USAGE, Stage
from tests.lab.procs import wait_until



@pytest.fixture(scope="module", name="stage")
def the_stage():
    with Stage(mb=1, site=False) as stage:
        yield stage


@pytest.fixture(name="service")
def switched_service(stage):
    return stage.service("switched")


def going_back(service):
    return service.status()["going_back"]


def end_of(way, by):
    [end] = [end for end in way["ends"] if end["by"] == by]
    return end


def behind_the_back(server, sql):
    is_sealed = server.kind.flavour == "mysql" and server.value("SELECT @@GLOBAL.super_read_only")
    if is_sealed:
        server.query("SET GLOBAL super_read_only = 0")
    server.query(f"SET sql_log_bin = 0; {sql}")
    if is_sealed:
        server.query("SET GLOBAL super_read_only = 1")


def break_reverse_link(service):
    """A row that is on OLD already arrives from NEW; its key."""
    tag = f"collision-{uuid.uuid4().hex[:8]}"
    behind_the_back(service.primaries["old"], f"INSERT INTO blog.tags (name) VALUES ('{tag}')")
    service.primaries["new"].query(f"INSERT INTO blog.tags (name) VALUES ('{tag}')")
    wait_until(lambda: service.situation == "unsafe", 30, "the reverse link to stop")
    return tag


def lost_files(service):
    return list(service.lab.root.rglob("lost-*.jsonl"))


def killed(service, failpoint, *words, **options):
    done = service.cutover(*words, env={"CUTOVER_FAILPOINT": f"kill@{failpoint}"}, **options)
    assert done.code == -signal.SIGKILL, done


@contextlib.contextmanager
def lost(service):
    """What is written within is given up on purpose; nobody else writes, so that it can be counted."""
    kept = list(service.promises)
    for primary in service.primaries.values():
        primary.query("SET GLOBAL event_scheduler = OFF")
    try:
        yield
    finally:
        for primary in service.primaries.values():
            if primary.is_running:
                primary.query("SET GLOBAL event_scheduler = ON")
        service.promises[:] = kept


def lacks_nothing(service):
    """What the way back is, when OLD has everything at that moment; writes of events go on."""
    way = going_back(service)
    return way if way["transactions"] == 0 else None


def test_the_status_says_by_what_the_service_goes_back_and_at_what_cost(service):
    token = service.write("new")
    wait_until(lambda: service.has("old", token), 30, "the write on OLD")
    way = wait_until(lambda: lacks_nothing(service), 30, "a moment in which no event of NEW is on its way")
    assert (way["is_possible"], way["how"], way["command"]) == (True, "fenced", "cutover rollback"), way
    assert way["why"] == "fenced, as the move was"
    assert way["pause_ms"] is not None
    assert way["ttl_s"] > 0
    for by in ("link", "ddl", "purge"):
        assert end_of(way, by)["has_happened"] is False, way
    service.cutover("status").ended(DONE, r"way back yes: `cutover rollback` \(fenced, as the move was\): OLD lacks [0-9]+ transaction",
                                    "ends with .*reverse link", "ends with .*schema change.*none since")


def test_a_schema_change_on_new_is_told_until_it_is_taken_back(service):
    old, new = service.primaries["old"], service.primaries["new"]
    has_column = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'blog' AND column_name = 'later'"
    new.query("ALTER TABLE blog.tags ADD COLUMN later INT")
    wait_until(lambda: old.value(has_column) == 1, 30, "the column on OLD")
    ddl = end_of(going_back(service), "ddl")
    assert ddl["is_near"] and "1 table(s): blog.tags" in ddl["text"] and "OLD has followed so far" in ddl["text"], ddl
    new.query("ALTER TABLE blog.tags DROP COLUMN later")
    wait_until(lambda: old.value(has_column) == 0, 30, "the column to be gone")
    assert not end_of(going_back(service), "ddl")["is_near"]


def test_a_rollback_without_words_goes_back_the_way_the_users_came(service):
    service.write("new")
    service.cutover("rollback", "--yes", cfg=service.hasty).ended(
        DONE, "going back by playbook rollback-fenced: fenced, as the move was", "Situation mirrored")
    service.check_promises()
    service.cutover("rollback", "--yes").ended(REFUSED, "needs the situation shared or switched, but the service is in mirrored")


def test_in_the_middle_of_the_flip_the_users_can_be_brought_back(stage):
    service = stage.service("mirrored")
    fence = service.playbook("fence", "mirrored", *FENCED)
    killed(service, "cut-over.flip.after-outcome", "run", fence, "--yes")
    status = service.status()
    assert (status["situation"], service.points_to(), service.open_sides()) == ("flipping", "mixed", ["new"])
    assert status["going_back"]["how"] == "fenced", status["going_back"]
    service.write("new")
    service.cutover("rollback", "--yes", cfg=service.hasty).ended(DONE, "one side is closed already", "Situation mirrored")
    assert (service.points_to(), service.open_sides()) == ("old", ["old"])
    service.check_promises()


def test_the_link_back_can_be_removed_again_before_anybody_has_moved(stage):
    service = stage.service("mirrored")
    service.run(service.shipped("unmirror")).ended(DONE, "there is no way back", "Situation following")
    assert service.links() == {"old": [], "new": ["cutover_forward"]}
    service.reach("mirrored")
    service.write()
    service.check_promises()


def test_what_a_purge_took_from_old_is_told(service):
    old, new = service.primaries["old"], service.primaries["new"]
    programs.say(old, "stop", channel="cutover_reverse")
    try:
        service.write("new")
        new.query("FLUSH BINARY LOGS")
        service.write("new")
        purge = end_of(going_back(service), "purge")
        assert purge["has_happened"] is False and "NEW keeps its logs" in purge["text"] or "deletes no log" in purge["text"], purge
        service.cutover("rollback", "--lose-writes", "--lose", "9").ended(REFUSED, "was stopped, without an error: on .*START")
        last = new.query("SHOW BINARY LOGS")[-1]["Log_name"]

        def purge_all_but_the_last():
            new.query(f"PURGE BINARY LOGS TO '{last}'")  # spares what a replica's thread is still reading
            return new.query("SHOW BINARY LOGS")[0]["Log_name"] == last

        wait_until(purge_all_but_the_last, 30, "NEW to delete its logs")
        purge = end_of(going_back(service), "purge")
        assert purge["has_happened"] is True, purge
    finally:
        programs.say(old, "start", channel="cutover_reverse")
    wait_until(lambda: service.situation == "unsafe", 30, "the reverse link to miss the log")
    service.cutover("rollback", "--lose-writes").ended(REFUSED, "Nobody knows what would be lost", "--lose unknown")


def test_a_broken_link_back_leaves_the_louder_way_which_lists_what_is_lost(stage):
    service = stage.service("switched")
    with lost(service):
        tag = break_reverse_link(service)
        tokens = [service.write("new") for _ in range(3)]
        way = going_back(service)
        assert (way["is_possible"], way["how"]) == (False, "lossy"), way
        assert way["transactions"] == 4
        assert end_of(way, "link")["has_happened"] is True and tag in end_of(way, "link")["text"]
        facts = service.facts()
        service.cutover("rollback", "--yes").ended(REFUSED, "no way back without loss now", "cutover rollback --lose-writes")
        service.cutover("rollback", "--lose", "4").ended(USAGE, "--lose needs --lose-writes")
        service.cutover("rollback", "--lose-writes", "--yes").ended(
            REFUSED, r"4 transaction\(s\) on NEW are not on OLD", r"blog.posts\b.* 3 inserted", r"blog.tags\b.* 1 inserted",
            "--lose-writes --lose 4")
        service.cutover("rollback", "--lose-writes", "--lose", "3", "--yes").ended(REFUSED, "agreed was 3, and it is 4")
        assert service.facts() == facts
        service.cutover("rollback", "--lose-writes", "--lose", "4", "--yes").ended(
            DONE, r"lost: 4 transaction\(s\), 7 row\(s\) in 3 table", "Situation apart", "WRITES ARE LOST")
    assert (service.points_to(), service.open_sides()) == ("old", ["old"])
    assert service.links() == {"old": [], "new": []}
    assert not any(service.has("old", token) for token in tokens)
    assert all(service.has("new", token) for token in tokens)
    [path] = lost_files(service)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    assert len([line for line in lines if "transaction" in line]) == 4
    rows = [line for line in lines if "key" in line]
    assert {row["values"]["token"] for row in rows if row["table"] == "blog.posts"} == set(tokens)
    service.write("old")
    service.reach("mirrored")
    service.check_promises()


def test_a_controller_that_dies_while_it_gives_up_writes_can_go_on_or_undo(stage):
    service = stage.service("switched")
    with lost(service):
        break_reverse_link(service)
        service.write("new")
        lose = ("rollback", "--lose-writes", "--lose", "2", "--yes")
        killed(service, "go-back.list-lost.after-act", *lose)
        assert service.open_sides() == []
        service.cutover("abort", "--yes").ended(DONE)
        assert service.open_sides() == ["new"]
        wait_until(lambda: going_back(service)["how"] == "lossy", 30, "the link to stop again")
        killed(service, "go-back.open-to.after-act", *lose)
        assert service.open_sides() == ["old"]
        service.cutover("run", "--resume").ended(DONE, "Situation apart")
    assert (service.points_to(), service.open_sides()) == ("old", ["old"])
    service.write("old")
    service.reach("mirrored")
    service.check_promises()


def test_when_new_is_gone_nobody_knows_and_that_has_to_be_typed(stage):
    service = stage.service("switched")
    new = service.primaries["new"]
    with lost(service):
        token = service.write("new")
        wait_until(lambda: service.has("old", token), 30, "the write on OLD")
        new.kill9()
        way = going_back(service)
        assert (way["is_possible"], way["how"], way["transactions"]) == (False, "lossy", None), way
        assert "bring NEW back" in way["text"]
        service.cutover("rollback", "--yes").ended(REFUSED, "was not reached", "--lose-writes")
        service.cutover("rollback", "--lose-writes", "--lose", "5", "--yes").ended(REFUSED, "agreed was 5, and it is unknown")
        with service.start("rollback", "--lose-writes", "--yes", typed=["17"]) as running:
            running.end().ended(ABORTED, "type unknown", "did not type unknown")
        done = service.cutover("rollback", "--lose-writes", "--lose", "unknown", "--yes")
        assert done.code == DONE, done
        assert re.search("may come back open", done.text)
        assert service.points_to() == "old" and not service.primaries["old"].value("SELECT @@read_only")
        assert service.has("old", token)
        service.write("old")
    new.start()


def test_retiring_says_that_it_ends_the_way_back(service):
    retire = service.playbook("retire", "switched", '{ name = "retire"; action = "retire"; }')
    with service.unchanged(), service.start("run", retire, typed=["n"]) as running:
        running.end().ended(ABORTED, "It ends the way back to OLD for good")
