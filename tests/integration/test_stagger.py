# SPDX-License-Identifier: MIT
"""A primary that restarts begins its thread ids anew: which sessions count by a staggered AUTO_INCREMENT is found out again."""

import contextlib

import pytest

from tests.integration.service import DONE, REFUSED, SHARED, SHARED_BACK, Stage

STAGGERED = {"auto-increment-increment": 2, "auto-increment-offset": 1}


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


def restart(server, **options):
    """It comes back as its my.cnf says: what MySQL has written down is forgotten."""
    if server.kind.flavour == "mysql":
        server.query("RESET PERSIST IF EXISTS auto_increment_increment; RESET PERSIST IF EXISTS auto_increment_offset")
    server.kill9()
    server.options.update(options)
    server.start()
    for name in options:
        del server.options[name]


def session_of_the_application(service, side="old"):
    return contextlib.closing(service.primaries[side].connect(service.lab.accounts["app"]))


def shared(service):
    return service.run(service.playbook("shared", "mirrored", *SHARED), cfg=service.hasty)


def test_a_session_older_than_a_staggering_by_hand_after_a_restart_has_to_go_first(stage):
    service = stage.service("mirrored")
    old = service.primaries["old"]
    restart(old)
    service.wait_situation("mirrored")
    shared(service).ended(REFUSED, r"AUTO_INCREMENT is not staggered in new sessions: OLD counts by 1 from 1", r"by hand, in my\.cnf too")
    with session_of_the_application(service) as app:
        old.query("SET GLOBAL auto_increment_increment = 2")
        shared(service).ended(REFUSED, rf"may have been opened before .* thread {app.thread_id()} of app", r"reconnect, or end them \(KILL")
        shared(service).ended(REFUSED, rf"thread {app.thread_id()} of app")
        assert service.situation == "mirrored"
    with session_of_the_application(service):  # one that began after it
        shared(service).ended(DONE)
    service.check_promises()


def test_a_way_back_is_shared_again_when_my_cnf_staggers_what_restarted(stage):
    service = stage.service("shared")
    restart(service.primaries["old"], **STAGGERED)
    service.wait_situation("shared")
    with session_of_the_application(service):
        assert service.status()["going_back"]["how"] == "shared"
        service.go_back("shared", SHARED_BACK)
    assert service.situation == "mirrored"
    service.check_promises()


def test_status_says_that_nobody_knows_and_the_way_back_still_works_by_name(stage):
    service = stage.service("shared")
    old = service.primaries["old"]
    restart(old)
    with session_of_the_application(service) as app:
        old.query("SET GLOBAL auto_increment_increment = 2")
        service.wait_situation("shared")
        way_back = service.status()["going_back"]
        assert way_back["is_possible"] is False and "nobody knows since when" in way_back["why"]
        service.cutover("rollback", "--yes", "--mode", "shared", cfg=service.hasty).ended(REFUSED, rf"thread {app.thread_id()} of app")
    service.cutover("rollback", "--yes", "--mode", "shared", cfg=service.hasty).ended(DONE)
    assert service.situation == "mirrored"
    service.check_promises()
