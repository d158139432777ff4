# SPDX-License-Identifier: MIT
"""Rehearsals on a real lab: there and back with faults, and home again however they end."""

import contextlib
import json
import re
import signal
import sqlite3

import pytest

from tests.integration.service import (
    ABORTED, BUSY, DONE, FENCED, FENCED_BACK, REFUSED, SHARED, SHARED_BACK, UNDONE, USAGE, Referee, Stage)
from tests.lab.lab import DNS_ONLY, PROXIED
from tests.lab.procs import wait_until


@pytest.fixture(scope="module", name="stage")
def the_stage():
    with Stage(mb=1, site=False) as stage:
        yield stage


@pytest.fixture(name="service")
def mirrored_service(stage):
    return stage.service("mirrored")


@pytest.fixture(name="fence")
def fenced_playbook(service):
    return service.playbook("day", "mirrored", *FENCED)


@pytest.fixture(name="back")
def fenced_way_back(service):
    return service.playbook("back", "switched fenced", *FENCED_BACK)


@pytest.fixture(name="home", autouse=True)
def found_as_it_was(service):
    """Whatever a drill meets, it ends where it began, and every write of before is there."""
    service.write()
    before = service.facts()
    yield
    after = service.facts()
    assert {name: after[name] for name in before} == before
    service.write()
    service.check_promises()
    assert leftovers(service) == {"old": 0, "new": 0}


def leftovers(service):
    """Rows of a drill are taken away again."""
    wait_until(lambda: not any(rows(service).values()), 30, "the drill's rows to be gone")
    return rows(service)


def rows(service):
    return {side: primary.value("SELECT COUNT(*) FROM cutover.probe") for side, primary in service.primaries.items()}


def drill(service, *words, cfg=None):
    return service.cutover("drill", *map(str, words), "--yes", cfg=cfg or service.hasty)


def told(done):
    return json.loads(done.out)


def test_a_clean_drill_goes_there_and_back_twice_and_is_scored(service, fence, back):
    with Referee(service) as referee:
        done = drill(service, fence, "--playbook", back, "--times", 2, "--json").ended(DONE)
    assert ("old", "new") not in referee.seen
    drilled = told(done)
    assert (drilled["state"], drilled["environment"], drilled["home"]) == ("passed", "lab", "mirrored")
    assert [one["good"] for one in drilled["rounds"]] == [True, True]
    for one in drilled["rounds"]:
        assert one["writes"]["lost"] == 0 and one["writes"]["acknowledged"] > 20
        assert 0 <= one["pause_ms"] < 5000
        assert one["client_pause_ms"] > 0
        assert one["recovery_ms"] is None and not one["person_needed"]
        assert {part["leg"] for part in one["parts"]} == {"there", "back"}
    steps = {(row["leg"], row["step"]): row["ms"] for row in drilled["score"]["steps"]}
    assert set(steps) == {("there", "cut-over"), ("back", "cut-over")}
    assert all(ms["best"] <= ms["now"] <= ms["worst"] for ms in steps.values())
    assert re.match("passed: there and back 2 times; writes were refused for", drilled["score"]["verdict"])

    again = told(drill(service, fence, "--playbook", back, "--json").ended(DONE))
    for row in again["score"]["steps"]:
        assert row["ms"]["last"] is not None and row["ms"]["best"] <= row["ms"]["last"] <= row["ms"]["worst"]
    assert not [text for text in again["score"]["differences"] if "changed" in text or "first drill" in text]
    runs = {one["runs"][leg] for one in (*drilled["rounds"], *again["rounds"]) for leg in ("there", "back")}
    assert len(runs) == 6 and "" not in runs


def test_a_shared_drill_refuses_nobody_a_write(service):
    there = service.playbook("shared-day", "mirrored", *SHARED)
    back = service.playbook("shared-back", "shared switched", *SHARED_BACK)
    [one] = told(drill(service, there, "--playbook", back, "--json").ended(DONE))["rounds"]
    assert one["pause_ms"] is None
    assert one["writes"]["lost"] == 0


FAULTS = ["kill-controller@cut-over", "kill-controller@cut-over/open-to", "kill-controller@cut-over/check-links",
          "cut-link", "stall-apply", "dns-429", "lost-answer"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_recovered_from_without_a_person(service, fence, back, fault):
    with Referee(service) as referee:
        done = drill(service, fence, "--playbook", back, "--fault", fault, "--json").ended(DONE)
    assert ("old", "new") not in referee.seen
    [one] = told(done)["rounds"]
    assert (one["fault"], one["struck"], one["good"], one["person_needed"]) == (fault, True, True, False)
    assert one["recovery_ms"] is not None and one["recovery_ms"] < 60_000
    assert one["writes"]["lost"] == 0
    events = journal(service, "SELECT name FROM event WHERE run_id = ?", one["runs"]["there"])
    names = [name for (name,) in events]
    if fault.startswith("kill"):
        assert "run.adopt" in names  # another controller went on with it
    if fault in ("dns-429", "lost-answer"):
        assert "drill.fault" in names and "run.adopt" not in names


def test_a_fault_on_the_way_back_is_named_by_its_step(service, fence):
    back = service.playbook("other-back", "switched fenced", FENCED_BACK[0].replace("cut-over", "cut-back"))
    [one] = told(drill(service, fence, "--playbook", back, "--fault", "kill-controller@cut-back", "--json").ended(DONE))["rounds"]
    assert one["struck"] and one["good"]
    names = [name for (name,) in journal(service, "SELECT name FROM event WHERE run_id = ?", one["runs"]["back"])]
    assert "run.adopt" in names


def journal(service, sql, *values):
    with contextlib.closing(sqlite3.connect(service.lab.cfg_path.parent / "journal.db")) as file:
        return file.execute(sql, values).fetchall()


def test_the_list_the_report_and_the_forecast_know_of_drills(service, fence, back):
    drilled = told(drill(service, fence, "--playbook", back, "--json").ended(DONE))
    listed = service.cutover("drill", "--list", "--json").ended(DONE).json["drills"]
    assert [one["drill"] for one in listed][-1] == drilled["drill"]
    service.cutover("drill", "--list").ended(DONE, drilled["drill"], "DRILL +STARTED +PLAYBOOK")
    report = service.cutover("report", drilled["rounds"][0]["runs"]["there"], "--json").ended(DONE).json
    assert report["drill"] == {"drill": drilled["drill"], "round": 1, "leg": "there"}

    real = service.run(fence, cfg=service.hasty).ended(DONE, r"drills of this playbook: writes were refused for [\d.]+ m?s / [\d.]+ m?s / [\d.]+ m?s \(best,")
    run = re.search(r"Run (\w+) is done", real.text)[1]
    story = service.cutover("report", run, "--json").ended(DONE).json
    assert story["last_drill"]["drill"] == drilled["drill"]
    assert story["last_drill"]["write_pause_ms"] == drilled["rounds"][0]["pause_ms"]
    [opened] = [step for step in story["steps"] if step["part"] == "open-to"]
    assert opened["last_drill_ms"] > 0
    service.cutover("report", run).ended(DONE, "in the last drill")
    service.go_back("switched", FENCED_BACK)


def test_ctrl_c_stops_a_drill_and_it_is_home_again(service, back):
    there = service.playbook("slow-day", "mirrored", '{ name = "watch"; action = "gate"; require = [ "lag < 9s for 60s" ]; timeout = "2m"; }', *FENCED)
    with service.start("drill", there, "--playbook", back, "--yes", cfg=service.hasty) as running:
        running.wait_says("Go or no-go")
        drill(service, there, "--playbook", back).ended(BUSY, "a drill of service blog is under way")
        running.signal(signal.SIGINT)
        running.end().ended(ABORTED, "stopped in round 1: stopped by a person on the way there", "as it was before")


def test_ctrl_c_after_the_crossing_goes_back(service, back):
    there = service.playbook("long-day", "mirrored", *FENCED, '{ name = "stay"; action = "watch"; for = "2m"; }')
    with service.start("drill", there, "--playbook", back, "--yes", cfg=service.hasty) as running:
        running.wait_says("Watch both sides", 60)
        assert service.open_sides() == ["new"]
        running.signal(signal.SIGTERM)
        running.end().ended(ABORTED, "the service is as it was before")


def test_a_drill_that_was_killed_is_put_back(service, back):
    there = service.playbook("long-day", "mirrored", *FENCED, '{ name = "stay"; action = "watch"; for = "2m"; }')
    with service.start("drill", there, "--playbook", back, "--yes", cfg=service.hasty) as running:
        running.wait_says("Watch both sides", 60)
        running.signal(signal.SIGKILL)
        running.end()
    drill(service, there, "--playbook", back).ended(REFUSED, "was cut short", "drill --put-back")
    service.cutover("drill", "--put-back", "--playbook", back, "--yes", cfg=service.hasty).ended(DONE, "as it was before it")
    service.cutover("drill", "--put-back", "--yes", cfg=service.hasty).ended(REFUSED, "no drill of service blog was cut short")


def production(service, name, **changes):
    def edit(config):
        config.pop("environment")
        config["dns"].pop("resolvers")
        config.update(changes)
    return service.config(name, edit)


def waive(*checks):
    return tuple({"check": check, "by": "Jane Doe", "why": "a test", "until": "2099-01-01T00:00:00Z"} for check in checks)


def test_production_is_what_nobody_has_named_and_wants_a_canary(service, fence, back):
    cfg = production(service, "no-canary")
    drill(service, fence, "--playbook", back, cfg=cfg).ended(REFUSED, "is production, and no canary record", 'drill = { canary = "canary')


def test_production_refuses_faults_and_a_fence_unless_they_are_waived(service, fence, back):
    there = service.playbook("shared-day", "mirrored", *SHARED)
    cfg = production(service, "careful", drill={"canary": DNS_ONLY})
    drill(service, there, "--fault", "cut-link", cfg=cfg).ended(REFUSED, "breaking something on purpose is refused", "drill.faults")
    drill(service, fence, "--playbook", back, cfg=cfg).ended(REFUSED, "a fence .* is refused", "drill.fence")
    waived = production(service, "waived", drill={"canary": DNS_ONLY}, waivers=waive("drill.fence", "drill.faults"))
    drill(service, fence, "--playbook", back, "--fault", "kill-controller", cfg=waived).ended(
        DONE, "waived by Jane Doe: a test")


def test_on_production_only_the_canary_moves_and_the_users_side_stays_open(service):
    there = service.playbook("whole-day", "mirrored", *SHARED, '{ name = "settle"; action = "settle"; to = "new"; }')
    back = service.playbook("shared-back", "shared switched", *SHARED_BACK)
    cfg = production(service, "canary", drill={"canary": DNS_ONLY})
    changed = len(service.lab.cloudflare.log.entries(method="PATCH"))
    with Referee(service) as referee:
        done = drill(service, there, "--playbook", back, "--json", cfg=cfg).ended(DONE, "left out because users stay on OLD: settle")
    assert ("new",) not in referee.seen and () not in referee.seen
    [one] = told(done)["rounds"]
    assert one["good"] and {part["step"] for part in one["parts"] if part["leg"] == "there"} == {"cut-over"}
    patches = service.lab.cloudflare.log.entries(method="PATCH")[changed:]
    proxied = service.lab.cloudflare.record(PROXIED)["id"]
    assert patches and not [entry for entry in patches if proxied in entry["path"]]


def test_what_cannot_be_drilled_is_refused_before_anything_is_touched(service, fence, back):
    gate = service.playbook("only-gate", "mirrored", '{ name = "go"; action = "gate"; require = [ "links = up" ]; }')
    drill(service, gate).ended(REFUSED, "moves nobody")
    drill(service, fence, "--playbook", back, "--fault", "kill-controller@nowhere").ended(USAGE, "has no place", "cut-over")
    drill(service, fence, "--fault", "meteor").ended(USAGE, '"meteor" is not known', "kill-controller, cut-link")
    drill(service, fence, "--times", 1, "--fault", "cut-link", "--fault", "dns-429").ended(USAGE, "less than 2 faults")


def test_a_drill_that_fails_by_itself_is_undone_and_says_where(service, back):
    there = service.playbook("never", "mirrored", '{ name = "go"; action = "gate"; require = [ "verified_age < 1ms" ]; timeout = "1s"; }', *FENCED)
    done = drill(service, there, "--playbook", back).ended(UNDONE, "failed in round 1: the way there: go/gate: .*exit code 3",
                                                           "the service is as it was before")
    assert not re.search("passed", done.out)
