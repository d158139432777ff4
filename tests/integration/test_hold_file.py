# SPDX-License-Identifier: MIT
"""What a restart in the night must not change. fence = { hold = "file" }: a side that is closed and restarts comes back closed,
by a file of ours on its host, over SSH; OLD's own my.cnf does not say read_only, and nobody is locked: who reconnects to the
side that was left may read there. AUTO_INCREMENT goes on as it was handed out, by another file or by SET PERSIST."""

import pytest

from tests.integration.service import DONE, FENCED, FENCED_BACK, MIRROR, REFUSED, SHARED, Stage, UNDONE
from tests.integration.serving import Serving
from tests.lab.procs import wait_until

NAME = "zz-cutover.cnf"
COUNTING = "zz-cutover-counting.cnf"
BY_ONE, STAGGERED = {"old": (1, 1), "new": (1, 1)}, {"old": (2, 1), "new": (2, 2)}


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0, ssh=True) as stage:
        yield stage


@pytest.fixture(name="service")
def mirrored(stage):
    service = stage.service("mirrored")
    if service.primaries["old"].kind.flavour == "mysql":
        pytest.skip("a fence that is persisted needs no file")
    service.cfg = service.config("by-file", lambda c: (c["dns"].pop("resolvers"), c.update(fence={"hold": "file"})))
    service.fenced = service.playbook("fenced", "mirrored fenced", *FENCED)
    return service


def file_of(service, side="old"):
    return service.primaries[side].drop_in / NAME


def kill_and_restart(server):
    server.kill9()
    server.start()


def closed(service, side="old"):
    return bool(service.primaries[side].value("SELECT @@read_only"))


@pytest.mark.parametrize("moment", ["hold-from.after-act", "close-from.after-act", "flip.after-outcome"])
def test_a_restart_at_any_moment_comes_back_closed_and_the_way_back_takes_the_file_away(service, moment):
    with service.start("run", service.fenced, "--yes", cfg=service.cfg,
                       env={"CUTOVER_FAILPOINT": f"pause@cut-over.{moment}"}) as running:
        wait_until(running.is_paused, 60, f"the failpoint {moment}")
        kill_and_restart(service.primaries["old"])
        assert closed(service)
        running.signal(18)  # SIGCONT
        running.end(120)
    if service.status()["run"]["state"] != "done":
        service.cutover("run", "--resume", "--yes", cfg=service.cfg, timeout=120)
    if service.situation == "mirrored":  # it was undone: a side that closes by itself is in nobody's plan
        assert not file_of(service).exists()
        return
    assert service.situation == "switched" and service.open_sides() == ["new"]
    text = file_of(service).read_text()
    assert text.startswith("# cutover, service blog: run ") and text.endswith("[mysqld]\nread_only = 1\n")
    service.cutover("rollback", "--yes", "--playbook", service.playbook("back", "switched", *FENCED_BACK),
                    cfg=service.cfg).ended(DONE)
    assert not file_of(service).exists() and file_of(service, "new").exists()
    kill_and_restart(service.primaries["old"])
    assert not closed(service), "OLD is open again, also after a restart"
    service.check_promises()


@pytest.mark.parametrize("moment", ["hold-from.before-act", "hold-from.after-act", "close-from.after-act"])
def test_a_controller_that_dies_between_the_file_and_the_closing_leaves_nothing_behind_once_it_is_aborted(service, moment):
    with service.start("run", service.fenced, "--yes", cfg=service.cfg,
                       env={"CUTOVER_FAILPOINT": f"kill@cut-over.{moment}"}) as running:
        running.end(60)
    assert file_of(service).exists() == (moment != "hold-from.before-act")
    service.cutover("abort", "--yes", cfg=service.cfg).ended(DONE)
    assert not file_of(service).exists()
    assert service.situation == "mirrored" and service.open_sides() == ["old"]
    service.write("old")


def test_a_folder_that_the_server_does_not_read_is_noticed_and_what_was_written_is_taken_away(service):
    other = service.lab.root / "not-read"
    other.mkdir(exist_ok=True)
    cfg = service.config("elsewhere", lambda c: (c["dns"].pop("resolvers"), c.update(fence={"hold": "file"}),
                                                 c["old"]["primary"]["ssh"].update(drop_in=str(other))))
    with service.unchanged():
        service.cutover("run", service.fenced, "--yes", cfg=cfg).ended(
            UNDONE, r"failed; the step was undone", r"a restart would open .* all the same", r"my_print_defaults")
    assert not list(other.iterdir())


def test_a_file_that_is_not_ours_is_left_alone(service):
    file_of(service).write_text("# somebody's\n[mysqld]\nread_only = 0\n")
    try:
        with service.unchanged():
            service.cutover("run", service.fenced, "--yes", cfg=service.cfg).ended(REFUSED, r"is not ours")
        assert file_of(service).read_text().startswith("# somebody's")
    finally:
        file_of(service).unlink()


def test_check_and_plan_say_beforehand_what_is_in_the_way(service):
    service.cutover("plan", service.fenced, cfg=service.cfg).ended(DONE, r"over SSH, write read_only = 1 into \S+/zz-cutover.cnf")
    assert "fence.restart" not in findings(service, service.cfg)
    nowhere = service.config("nowhere", lambda c: (c.update(fence={"hold": "file"}),
                                                   c["old"]["primary"]["ssh"].update(drop_in="/no/such/folder")))
    assert "there is no folder /no/such/folder" in findings(service, nowhere)["fence.restart"]
    unset = service.config("unset", lambda c: (c.update(fence={"hold": "file"}), c["old"]["primary"]["ssh"].pop("drop_in")))
    assert "no ssh group says where" in findings(service, unset)["fence.restart"]
    (service.lab.root / "nobody").touch()
    unknown = service.config("unknown", lambda c: (c.update(fence={"hold": "file"}),
                                                   c["old"]["ssh"].update(known_hosts=str(service.lab.root / "nobody"))))
    assert "is unknown: SHA256:" in findings(service, unknown)["fence.restart"]


def findings(service, cfg):
    """{check: what it says} of what blocks."""
    found = service.cutover("check", "--json", cfg=cfg).json["findings"]
    return {each["check"]: each["found"] for each in found if each["severity"] == "block"}


def test_a_host_that_cannot_be_reached_after_the_other_side_opened_holds_up_nothing(service):
    service.cutover("run", service.fenced, "--yes", cfg=service.cfg).ended(DONE)
    host = service.lab.hosts["old1"]
    with service.start("rollback", "--yes", "--playbook", service.playbook("back", "switched", *FENCED_BACK), cfg=service.cfg,
                       env={"CUTOVER_FAILPOINT": "pause@cut-over.open-to.after-act"}) as running:
        wait_until(running.is_paused, 60, "OLD to be open")
        host.stop()
        running.signal(18)  # SIGCONT
        running.end(120)
        assert "delete it by hand" in running.text
    with Serving(service, service.cfg) as serving:
        said = wait_until(lambda: serving.json("/api/state").get("held_files"), 60, "the hosts to be asked")
        old = next(row for row in said if row["side"] == "old")
        assert old["is_there"] is None and str(file_of(service)) in old["where"]
        service.cutover("status", cfg=service.cfg).ended(DONE, rf"unknown whether there is {file_of(service)}")
    host.start()
    assert service.points_to() == "old"
    service.cutover("report").ended(DONE, r"a restart would close it: delete")
    service.cutover("status", cfg=service.cfg).ended(DONE, rf"LEFT BEHIND: OLD is open, and a restart would close it; delete {file_of(service)}",
                                                     rf"NEW comes back closed from a restart: {file_of(service, 'new')}")
    with Serving(service, service.cfg) as serving:
        wait_until(lambda: {row["side"]: row["is_there"] for row in serving.json("/api/state").get("held_files", ())} ==
                   {"old": True, "new": True}, 60, "the files to be told")
    file_of(service).unlink()
    status = service.cutover("status", "--json", cfg=service.cfg).ended(DONE).json
    assert [row["is_there"] for row in status["held_files"]] == [False, True]
    assert "LEFT" not in service.cutover("status", cfg=service.cfg).text


# --- AUTO_INCREMENT -----------------------------------------------------------------------------------------------


def counts(service):
    row = "SELECT @@global.auto_increment_increment AS i, @@global.auto_increment_offset AS o"
    return {side: tuple(primary.query(row)[0].values()) for side, primary in service.primaries.items()}


def traces(service):
    """What we have written down for the next start, on both sides."""
    found = []
    for primary in service.primaries.values():
        if primary.kind.flavour == "mysql":
            found += primary.query("SELECT variable_name FROM performance_schema.persisted_variables"
                                   " WHERE variable_name LIKE 'auto_increment%'")
        found += list(primary.drop_in.glob(COUNTING))
    return found


@pytest.fixture(name="by_one")
def counting_by_one(stage):
    """NEW follows, and nobody has staggered anything yet."""
    service = stage.service("following")
    for primary in service.primaries.values():
        primary.query("SET GLOBAL auto_increment_increment = 1, GLOBAL auto_increment_offset = 1")
        if primary.kind.flavour == "mysql":
            primary.query("RESET PERSIST IF EXISTS auto_increment_increment; RESET PERSIST IF EXISTS auto_increment_offset")
        (primary.drop_in / COUNTING).unlink(missing_ok=True)
    service.mirror = service.playbook("mirror", "following", *MIRROR)
    return service


def test_both_primaries_come_back_as_they_counted_and_events_fire_where_they_did(by_one):
    service = by_one
    service.run(service.mirror, cfg=service.hasty).ended(DONE)
    service.run(service.playbook("shared", "mirrored", *SHARED), cfg=service.hasty).ended(DONE)
    assert counts(service) == STAGGERED
    events = service.events()
    for primary in service.primaries.values():
        kill_and_restart(primary)
    assert counts(service) == STAGGERED and service.events() == events
    assert sorted(events.values()) == ["ENABLED", "SLAVESIDE_DISABLED"]


@pytest.mark.parametrize("moment", ["keep-increments.after-act", "set-increments.after-act", "renew-sessions.after-outcome"])
def test_undoing_leaves_no_trace_wherever_the_controller_died(by_one, moment):
    service = by_one
    if moment.startswith("keep") and "mysql" in {primary.kind.flavour for primary in service.primaries.values()}:
        pytest.skip("a server that persists needs no file")
    with service.start("run", service.mirror, "--yes", cfg=service.hasty,
                       env={"CUTOVER_FAILPOINT": f"kill@stagger.{moment}"}) as running:
        running.end(60)
    assert traces(service)
    service.cutover("abort", "--yes", cfg=service.hasty).ended(DONE)
    assert counts(service) == BY_ONE and not traces(service)


def test_undoing_gives_back_what_was_written_down_before(by_one):
    service = by_one
    service.go("stagger", "following", MIRROR[:1])
    wider = service.playbook("wider", "following", '{ name = "stagger"; action = "stagger"; increment = 7; }')
    with service.start("run", wider, "--yes", cfg=service.hasty,
                       env={"CUTOVER_FAILPOINT": "kill@stagger.renew-sessions.before-act"}) as running:
        running.end(60)
    assert counts(service) == {"old": (7, 1), "new": (7, 2)}
    service.cutover("abort", "--yes", cfg=service.hasty).ended(DONE)
    assert counts(service) == STAGGERED
    kill_and_restart(service.primaries["new"])
    assert counts(service) == STAGGERED


def test_without_a_place_to_write_check_and_plan_say_what_to_write_where(by_one):
    service = by_one
    if "mysql" in {primary.kind.flavour for primary in service.primaries.values()}:
        pytest.skip("a server that persists needs no file")
    unset = service.config("no-drop-in", lambda c: [c[side]["primary"]["ssh"].pop("drop_in") for side in ("old", "new")])
    service.cutover("plan", service.mirror, cfg=unset).ended(DONE, r"a restart of \S+ forgets how it counts.*auto_increment_offset = 2")
    service.cutover("check", cfg=unset).ended(DONE, r"auto_increment\.restart")
