# SPDX-License-Identifier: MIT
"""What works beside the database (cron, a queue's worker) works on one side only: stopped and started over SSH by steps of
the playbook, wherever the controller dies, there and back. A real process here writes rows all the time it runs."""

import contextlib
import json
import pathlib
import sys

import pytest

from tests.integration import errand
from tests.integration.service import CONFIG, DONE, FENCED, FENCED_BACK, PERSON, REFUSED, UNDONE, Referee, Stage
from tests.lab.procs import wait_until

ERRAND = pathlib.Path(errand.__file__)
STOP = '{{ name = "rest"; action = "stop-services"; side = "{}"; }}'
START = '{{ name = "work"; action = "start-services"; side = "{}"; }}'


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0, ssh=True) as stage:
        yield stage


def worker_words(folder, side):
    """A worker of the configuration."""
    return {"name": "blog-worker", "timeout": "30s",
            **{word: [sys.executable, str(ERRAND), deed, str(folder), f"worker-{side}"]
               for word, deed in (("stop", "stop"), ("start", "start"), ("is_running", "running"))}}


@pytest.fixture(name="service")
def with_workers(stage):
    service = stage.service("mirrored")
    folder = service.lab.root / "errands"
    folder.mkdir(exist_ok=True)
    account = service.lab.accounts["app"]
    for side, primary in service.primaries.items():
        ca = primary.tls and {"ca": str(primary.tls.ca)}
        (folder / f"worker-{side}.json").write_text(json.dumps({
            "name": f"worker-{side}", "side": side,
            "server": {"host": primary.address, "port": primary.port, "user": account.user, "password": account.password,
                       "ssl": ca, "charset": "utf8mb4"}}))
    service.workers = {side: folder / f"worker-{side}" for side in service.primaries}
    service.cfg = service.config("workers", lambda c: (c["dns"].pop("resolvers"), [
        c[side].update(services=(worker_words(folder, side),)) for side in ("old", "new")]))
    service.there = service.playbook("there", "mirrored", STOP.format("old"), *FENCED, START.format("new"))
    service.back = service.playbook("back-again", "switched", STOP.format("new"), *FENCED_BACK, START.format("old"))
    service.run(service.playbook("forget", "mirrored", *(START.format(side).replace("work", side) for side in ("old", "new"))),
                cfg=service.cfg).ended(DONE)  # nothing is remembered of earlier tests
    for worker in service.workers.values():
        errand.stop(worker)
    try:
        yield service
    finally:
        for worker in service.workers.values():
            errand.stop(worker)
        with contextlib.suppress(AssertionError):
            service.cutover("abort", "--yes", cfg=service.cfg)


def running(service):
    return [side for side, worker in service.workers.items() if errand.pid_of(worker)]


def stopped_by_us(service):
    return [(each["side"], each["is_stopped"]) for each in service.cutover("status", "--json", cfg=service.cfg).json["services"]]


def rows_of(service, side):
    return service.primaries[side].value("SELECT COUNT(*) FROM blog.posts WHERE title = %s", (f"worker-{side}",))


def kill_at(service, playbook, point):
    with service.start("run", playbook, "--yes", cfg=service.cfg, env={"CUTOVER_FAILPOINT": f"kill@{point}"}) as program:
        program.end(90)


def test_workers_work_where_the_users_are_there_and_back(service):
    errand.start(service.workers["old"])
    wait_until(lambda: rows_of(service, "old") > 2, 30, "rows of the worker")
    service.cutover("plan", service.there, cfg=service.cfg).ended(
        DONE, r"1\.1 stop: blog-worker of OLD rests", rf"on {service.primaries['old'].address}: \S+python\S* \S*errand.py stop")
    with Referee(service) as referee:
        service.run(service.there, cfg=service.cfg).ended(DONE, r"blog-worker on \S+ runs")
    assert ("old", "new") not in referee.seen
    assert running(service) == ["new"] and stopped_by_us(service) == [("old", True)]
    wait_until(lambda: rows_of(service, "new") > 2, 30, "rows of the worker on NEW")
    service.cutover("status", cfg=service.cfg).ended(DONE, r"blog-worker of OLD was stopped by run \S+", r"errand.py start")
    service.cutover("rollback", "--yes", "--playbook", service.back, cfg=service.cfg).ended(DONE)
    assert running(service) == ["old"] and stopped_by_us(service) == [("new", True)]
    service.check_promises()


@pytest.mark.parametrize("point", ["rest.stop.after-act", "cut-over.close-from.after-act", "work.start.after-act"])
def test_a_controller_that_dies_anywhere_is_resumed_to_the_same_end(service, point):
    errand.start(service.workers["old"])
    kill_at(service, service.there, point)
    service.cutover("run", "--resume", "--yes", cfg=service.cfg, timeout=120).ended(DONE)
    assert running(service) == ["new"] and stopped_by_us(service) == [("old", True)]
    assert service.situation == "switched"


@pytest.mark.parametrize("point", ["rest.stop.before-act", "rest.stop.after-act"])
def test_an_abort_starts_what_we_have_stopped(service, point):
    errand.start(service.workers["old"])
    kill_at(service, service.there, point)
    assert running(service) == (["old"] if point.endswith("before-act") else [])
    service.cutover("abort", "--yes", cfg=service.cfg).ended(DONE)
    assert running(service) == ["old"] and stopped_by_us(service) == [] and service.situation == "mirrored"


def test_what_rested_before_rests_afterwards(service):
    kill_at(service, service.there, "rest.stop.after-act")
    assert stopped_by_us(service) == [("old", False)]
    service.cutover("abort", "--yes", cfg=service.cfg).ended(DONE)
    assert running(service) == [] and stopped_by_us(service) == []
    service.run(service.there, cfg=service.cfg).ended(DONE, r"rests, as it did already")
    service.cutover("rollback", "--yes", "--playbook", service.back, cfg=service.cfg).ended(
        DONE, r"rested before, and stays at rest")
    assert running(service) == []


def test_a_host_that_cannot_be_reached_bars_the_way_there_and_not_the_way_back(service):
    errand.start(service.workers["old"])
    host = service.lab.hosts["old1"]
    host.stop()
    try:
        with service.unchanged(but=("data",)):
            done = service.run(service.there, cfg=service.cfg)
            assert done.code in (REFUSED, UNDONE, PERSON), done
            assert "blog-worker" in done.text
    finally:
        host.start()
    service.cutover("abort", "--yes", cfg=service.cfg)
    service.run(service.there, cfg=service.cfg).ended(DONE)
    host = service.lab.hosts["new1"]
    host.stop()
    try:
        lenient = service.playbook("lenient", "switched", '{ name = "rest"; action = "stop-services"; side = "new"; insist = false; }',
                                   *FENCED_BACK, START.format("old"))
        service.cutover("rollback", "--yes", "--playbook", lenient, cfg=service.cfg).ended(DONE, r"stop it by hand, continuing")
    finally:
        host.start()
    assert running(service) == ["old", "new"] and service.situation == "mirrored"


def test_check_names_a_worker_on_the_wrong_side_and_commands_that_are_not_there(service):
    def found(cfg):
        return {each["check"]: (each["severity"], each["found"]) for each in service.cutover("check", "--json", cfg=cfg).json["findings"]
                if each["check"].startswith("services.") and each["severity"] != "ok"}
    errand.start(service.workers["old"])
    assert not found(service.cfg)
    errand.start(service.workers["new"])
    assert "it runs on" in found(service.cfg)["services.place"][1]
    missing = service.config("missing", lambda c: c["old"].update(services=({"name": "a", "unit": "no-such-thing.service",
                                                                             "stop": ["/no/such/program"]},)))
    assert found(missing)["services.host"] == ("block", found(missing)["services.host"][1])
    assert "there is no /no/such/program" in found(missing)["services.host"][1]


def test_a_worker_that_is_slow_to_answer_says_nothing_of_the_next_one_on_its_host(service):
    errand.start(service.workers["old"])
    slow = {"name": "slow", "is_running": ["sleep", "60"], "stop": ["true"], "start": ["true"]}
    folder = service.workers["old"].parent
    cfg = service.config("slow", lambda c: c["old"].update(services=(slow, worker_words(folder, "old"))))
    said = [each for each in service.cutover("check", "--json", cfg=cfg).json["findings"] if each["check"].startswith("services.")]
    bad = [each for each in said if each["severity"] != "ok"]
    assert bad and all("slow" in each["subject"] for each in bad), said


def test_a_list_that_cannot_work_is_refused_with_its_line(service):
    for wrong, says in (({"name": "a"}, r"a: unit is missing"), ({"name": "a b", "unit": "x"}, r"letters, digits"),
                        ({"name": "a", "unit": "-x"}, r"no unit of systemd")):
        cfg = service.config("wrong", lambda c, wrong=wrong: c["old"].update(services=(wrong,)))
        service.cutover("status", cfg=cfg).ended(CONFIG, r"wrong\S*:\d+", says)
