# SPDX-License-Identifier: MIT
"""A run's proof: kept by the journal from one run to the next, sealed at the flip, and in the way of a flip when rows
differ."""

import contextlib
import signal

import pytest

from tests.integration.service import DONE, FENCED, FENCED_BACK, REFUSED, SHARED, UNDONE, Stage
from tests.lab.procs import wait_until

VERIFY = ('{ name = "verify"; action = "verify"; }',)


@pytest.fixture(scope="module", name="stage")
def the_stage():
    with Stage(mb=1, site=False) as stage:
        yield stage


@pytest.fixture(name="service")
def mirrored_service(stage):
    return stage.service("mirrored")


@pytest.fixture(name="verified")
def verified_service(service):
    """A run of before has compared everything."""
    service.run(service.playbook("look", "mirrored", *VERIFY)).ended(DONE)
    return service


def report(service):
    return service.cutover("report", "--format", "json").ended(DONE).json


def plant(server, statement):
    """A closed side stops us, too: it is open for as long as this takes."""
    is_closed = server.value("SELECT @@GLOBAL.read_only")
    is_sealed = server.kind.flavour == "mysql" and server.value("SELECT @@GLOBAL.super_read_only")
    server.query("SET GLOBAL read_only = 0")
    server.query(statement + "; COMMIT")
    if is_closed:
        server.query(f"SET GLOBAL {'super_read_only' if is_sealed else 'read_only'} = 1")


@contextlib.contextmanager
def spoiled(service, token):
    """A row of NEW differs, no log tells it, and the row is written to afterwards without mending it."""
    wait_until(lambda: service.has("new", token), 30, "the post on NEW")
    unlogged = "SET sql_log_bin = 0; UPDATE blog.posts SET title = '{}' WHERE token = '" + token + "'"
    plant(service.primaries["new"], unlogged.format("spoiled"))
    try:
        plant(service.primaries["old"], "SET SESSION binlog_row_image = 'MINIMAL';"
                                        f"UPDATE blog.posts SET body = 'again' WHERE token = '{token}'")
        yield token
    finally:
        plant(service.primaries["new"], unlogged.format("t"))


def test_a_run_after_the_comparison_seals_a_certificate_and_so_does_the_way_back(verified):
    status = verified.status()["proof"]
    assert status["is_covering"] and status["source"] == "old", status
    for _ in range(20):
        verified.write()
    verified.run(verified.playbook("fence", "mirrored", *FENCED), cfg=verified.hasty).ended(DONE, "Situation switched")
    there = report(verified)["certificate"]
    assert there["fenced"] and there["source"] == "old" and there["rows_reproven"] >= 20, there
    assert "while nobody could write" in verified.cutover("report").ended(DONE).out
    verified.write()
    verified.go_back("switched", FENCED_BACK)
    back = report(verified)["certificate"]
    assert back["fenced"] and back["source"] == "new" and back["rows_reproven"] >= 1, back
    verified.check_promises()


def test_a_run_goes_on_with_the_proof_of_a_comparison_made_by_hand(service):
    service.cutover("verify", "--restart").ended(DONE, "every row of", "is the same as of")
    for _ in range(5):
        service.write()
    service.run(service.playbook("fence", "mirrored", *FENCED), cfg=service.hasty).ended(DONE, "Situation switched")
    there = report(service)["certificate"]
    assert there["fenced"] and there["source"] == "old" and there["rows_reproven"] >= 5, there
    service.go_back("switched", FENCED_BACK)
    service.check_promises()


def test_without_a_comparison_the_newest_rows_have_to_do_and_that_is_told(stage):
    service = stage.service("following")
    service.go("mirror", "following", ('{ name = "stagger"; action = "stagger"; }', '{ name = "mirror"; action = "mirror"; }'))
    known = service.status()["proof"]
    done = service.run(service.playbook("fence", "mirrored", *FENCED), cfg=service.hasty).ended(DONE)
    if known is None:
        assert "no certificate for all rows" in done.text
        assert report(service)["certificate"] is None


def test_rows_that_differ_stop_the_cutover_before_anything_is_touched(verified):
    with spoiled(verified, verified.write()), verified.unchanged(but=("data",)):
        verified.run(verified.playbook("fence", "mirrored", *FENCED), cfg=verified.hasty).ended(
            REFUSED, "the two sides differ in 1 place", "blog.posts", "nothing was repaired")


def test_a_difference_inside_the_fence_opens_the_old_side_again(verified):
    token = verified.write()
    fence = verified.playbook("fence", "mirrored", *FENCED)
    with verified.start("run", fence, "--yes", cfg=verified.hasty,
                        env={"CUTOVER_FAILPOINT": "pause@cut-over.close-from.after-outcome"}) as running:
        wait_until(lambda: verified.open_sides() == [] and running.is_paused(), 60, "the fence")
        with spoiled(verified, token):
            running.signal(signal.SIGCONT)
            running.end().ended(UNDONE, "the two sides differ", "blog.posts")
    assert verified.open_sides() == ["old"]


def test_a_shared_cutover_has_a_certificate_as_of_a_moment_before(verified):
    for _ in range(5):
        verified.write()
    verified.run(verified.playbook("cut", "mirrored", *SHARED), cfg=verified.hasty).ended(DONE, "Situation shared")
    certificate = report(verified)["certificate"]
    assert certificate["source"] == "old" and not certificate["fenced"], certificate
