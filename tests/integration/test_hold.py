# SPDX-License-Identifier: MIT
"""A closed side that dies and restarts lets nobody write, where nothing but cutover keeps it closed: OLD's my.cnf does not say
read_only. Accounts of the application are locked meanwhile, and exactly those, and let in again exactly once."""

import re

import pymysql
import pytest

from tests.integration.service import DONE, FENCED, FENCED_BACK, MIRROR, REFUSED, UNDONE, Stage
from tests.lab.procs import wait_until

LOCKED = (4151, 3118)  # MariaDB, MySQL
READ_ONLY = 1290

# Where the controller is when OLD dies: after it was closed, until the records have been flipped.
MOMENTS = ("close-from.after-act", "close-from.after-outcome", "drain.after-act", "compare-tail.after-outcome",
           "probe-back.after-outcome", "still-closed.after-act", "still-closed.after-outcome", "open-to.before-act",
           "open-to.after-act", "open-to.after-outcome", "move-events.after-outcome", "flip.after-outcome")


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


@pytest.fixture(name="locking")
def a_stage_that_locks(stage):
    """MySQL 8.0 and newer persist their fence, and lock nobody."""
    if stage.service("mirrored").primaries["old"].kind.flavour == "mysql":
        pytest.skip("a fence that is persisted needs no locks")
    return stage


def may_write(service, side):
    """Does a new connection of the application get a write through there? Then it was acknowledged, and is a promise."""
    try:
        service.write(side)
    except pymysql.MySQLError as error:
        assert error.args[0] in (*LOCKED, READ_ONLY, 2003, 2013), error
        return False
    return True


def writers(service):
    return [side for side in service.primaries if may_write(service, side)]


def held(service, side="old"):
    """Accounts written down as locked by cutover, and all that are locked: (held, locked)."""
    primary = service.primaries[side]
    if not primary.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'cutover' AND table_name = 'held'"):
        return set(), set()
    rows = primary.query("SELECT user, host FROM cutover.held")
    return {(row["user"], row["host"]) for row in rows}, locked(service, side)


def locked(service, side="old"):
    return {(row["User"], row["Host"]) for row in service.primaries[side].query(
        "SELECT User, Host FROM mysql.global_priv WHERE COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0) = 1"
        " AND User <> 'mariadb.sys'")}


def fenced(service, failpoint="", **options):
    playbook = service.playbook("fenced", "mirrored fenced", *FENCED)
    return service.start("run", playbook, "--yes", cfg=service.hasty, env={"CUTOVER_FAILPOINT": failpoint}, **options)


def kill_and_restart(server):
    server.kill9()
    server.start()
    is_persisted = server.kind.flavour == "mysql"  # nothing else closes it: its my.cnf does not
    assert server.value("SELECT @@read_only") == is_persisted


@pytest.mark.parametrize("moment", MOMENTS)
def test_old_that_restarts_within_a_fenced_cutover_is_no_second_writer(stage, moment):
    service = stage.service("mirrored")
    with fenced(service, f"pause@cut-over.{moment}") as running:
        wait_until(running.is_paused, 60, f"the failpoint {moment}")
        kill_and_restart(service.primaries["old"])
        assert len(writers(service)) <= 1
        running.signal(18)  # SIGCONT
        running.end(120)
    assert len(writers(service)) <= 1
    if service.status()["run"]["state"] != "done":
        service.cutover("run", "--resume", "--yes", cfg=service.hasty, timeout=120).ended(DONE)
    assert service.situation == "switched"
    assert service.open_sides() == ["new"], "a side that restarted is closed again"
    assert writers(service) == ["new"]
    service.check_promises()


def test_the_way_back_is_open_from_a_side_that_is_only_held(locking):
    """The run has ended; then OLD dies and comes back as its my.cnf says."""
    service = locking.service("switched")
    kill_and_restart(service.primaries["old"])
    service.wait_situation("switched")
    assert writers(service) == ["new"]
    service.cutover("status").ended(DONE, r"OLD \(.*\) is held", r"SET GLOBAL read_only = 1")
    service.go("stagger", "switched", MIRROR[:1])
    service.go_back("switched", FENCED_BACK)
    assert service.situation == "mirrored"
    assert writers(service) == ["old"]
    service.check_promises()


def test_without_a_hold_the_same_restart_makes_a_second_writer_and_the_plan_warns(locking):
    """What the others would see if nothing held."""
    service = locking.service("mirrored")
    loose = service.config("loose", lambda c: (c["dns"].pop("resolvers"), c.update(fence={"hold": "none"})))
    playbook = service.playbook("fenced", "mirrored fenced", *FENCED)
    service.cutover("plan", playbook, cfg=loose).ended(DONE, r"a restart of .* opens it")
    with service.start("run", playbook, "--yes", cfg=loose,
                       env={"CUTOVER_FAILPOINT": "pause@cut-over.move-events.before-act"}) as running:
        wait_until(running.is_paused, 60, "NEW to be open, and to let its accounts in if a fence had locked them")
        kill_and_restart(service.primaries["old"])
        assert writers(service) == ["old", "new"]
        service.primaries["old"].query("SET GLOBAL read_only = 1")
        running.signal(18)  # SIGCONT
        running.end(120)


def test_exactly_those_that_can_write_are_locked_and_let_in_again_when_the_side_opens(locking):
    service = locking.service("mirrored")
    old = service.primaries["old"]
    old.query("SET SESSION sql_log_bin = 0;"
              "CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'Secret-1'; GRANT SELECT ON *.* TO reader@'%';"
              "CREATE OR REPLACE USER barred@'%' IDENTIFIED BY 'Secret-1' ACCOUNT LOCK; GRANT INSERT ON blog.* TO barred@'%';"
              "CREATE OR REPLACE USER dropped@'%' IDENTIFIED BY 'Secret-1'; GRANT INSERT ON blog.* TO dropped@'%';"
              "CREATE OR REPLACE USER freed@'%' IDENTIFIED BY 'Secret-1'; GRANT INSERT ON blog.* TO freed@'%'")
    before = locked(service)
    service.go("fenced", "mirrored", FENCED)
    ours, all_locked = held(service)
    assert {("app", "127.%"), ("dropped", "%"), ("freed", "%")} <= ours
    assert not {user for user, _ in ours} & {"reader", "barred", "cutover", "cutover_monitor", "cutover_repl"}
    assert ("root", "localhost") not in ours, "somebody must be able to get in"
    assert all_locked == before | ours
    status = service.cutover("status").ended(DONE, r"held .* ALTER USER IF EXISTS .*'app'@'127\.%'").text
    assert "reader" not in status
    assert service.situation == "switched"
    old.query("SET SESSION sql_log_bin = 0; DROP USER dropped@'%'; ALTER USER freed@'%' ACCOUNT UNLOCK")
    back = service.cutover("rollback", "--yes", "--playbook", service.playbook("back", "switched", *FENCED_BACK),
                           cfg=service.hasty).ended(DONE, r"dropped@% was not locked any more: it has been dropped",
                                                    r"freed@% was not locked any more")
    assert back.code == DONE
    assert held(service) == (set(), before)
    assert held(service, "new")[0], "now NEW is the side that was left"
    service.write("old")
    old.query("SET SESSION sql_log_bin = 0; DROP USER reader@'%', barred@'%', freed@'%'")


@pytest.mark.parametrize("moment", ["hold-from.after-act", "close-from.after-act", "still-closed.after-outcome"])
def test_an_abort_lets_everybody_in_again_after_the_controller_died(locking, moment):
    service = locking.service("mirrored")
    before = locked(service)
    with fenced(service, f"kill@cut-over.{moment}") as running:
        running.end(120)
    assert held(service)[0]
    service.cutover("abort", "--yes").ended(DONE)
    assert held(service) == (set(), before)
    assert service.situation == "mirrored"
    service.write("old")


# Where a controller dies while it takes the closing back: before OLD is open, open and nobody let in, let in and nothing
# written down, and around the part that looks once more and strikes them out.
UNDOING = ("close-from.before-undo", "close-from.between-undos", "close-from.after-undo", "hold-from.before-undo",
           "hold-from.after-undo")


@pytest.mark.parametrize("moment", UNDOING)
def test_a_controller_that_dies_while_it_undoes_leaves_nobody_locked_out_for_good(locking, moment):
    """It died behind the fence, and who came to abort dies as well; a second abort gets through."""
    service = locking.service("mirrored")
    before = locked(service)
    with fenced(service, "kill@cut-over.still-closed.after-outcome") as running:
        running.end(120)
    assert locked(service) != before
    died = service.cutover("abort", "--yes", env={"CUTOVER_FAILPOINT": f"kill@cut-over.{moment}"})
    assert died.code == -9, died.text
    assert writers(service) == ([] if moment in UNDOING[:2] else ["old"])
    if moment != "hold-from.after-undo":
        assert held(service)[0], "who is locked, or was a moment ago, is still written down"
    service.cutover("abort", "--yes").ended(DONE)
    assert held(service) == (set(), before)
    assert service.situation == "mirrored" and writers(service) == ["old"]
    service.check_promises()


@pytest.mark.parametrize("who", ["the run", "an abort"])
def test_a_fence_that_is_taken_back_takes_new_connections_before_anything_is_written_down(locking, who):
    """Most applications come with new connections: for them it is over when the accounts are unlocked, not the side."""
    service = locking.service("mirrored")
    before = locked(service)
    stands_still = "pause@cut-over.close-from.after-undo"
    if who == "the run":
        running = fenced(service, f"error@cut-over.still-closed.before-act,{stands_still}")
    else:
        with fenced(service, "kill@cut-over.still-closed.after-outcome") as killed:
            killed.end(120)
        assert writers(service) == [] and locked(service) != before
        running = service.start("abort", "--yes", env={"CUTOVER_FAILPOINT": stands_still})
    with running:
        wait_until(running.is_paused, 60, "OLD to be open, with nothing written down")
        assert locked(service) == before and held(service)[0]
        assert writers(service) == ["old"]
        running.signal(18)  # SIGCONT
        said = running.end(120).ended(UNDONE if who == "the run" else DONE)
    assert re.search(r"[1-9][0-9]* account\(s\) of OLD may log in again\n", said.text) and "was not locked" not in said.text
    assert held(service) == (set(), before)
    assert service.situation == "mirrored"
    service.check_promises()


def test_a_side_that_opens_takes_new_connections_before_anything_is_written_down(locking):
    """Most applications come with new connections: for them the pause would last as long as the journal takes, and more."""
    service = locking.service("mirrored")
    before = locked(service)
    service.go("fenced", "mirrored", FENCED)
    assert locked(service) != before
    back = service.playbook("back", "switched", *FENCED_BACK)
    with service.start("rollback", "--yes", "--playbook", back, cfg=service.hasty,
                       env={"CUTOVER_FAILPOINT": "pause@cut-over.open-to.after-act"}) as running:
        wait_until(running.is_paused, 60, "OLD to be open, with nothing written down")
        assert locked(service) == before
        assert writers(service) == ["old"]
        running.signal(18)  # SIGCONT
        said = running.end(120)
    assert re.search(r"[1-9][0-9]* account\(s\) of OLD may log in again\n", said.text) and "was not locked" not in said.text
    assert held(service) == (set(), before)
    assert service.situation == "mirrored"
    service.check_promises()


@pytest.mark.parametrize("fault", ["kill@cut-over.open-to.after-act", "kill@cut-over.let-in.before-act"])
def test_who_was_let_in_when_the_controller_died_is_struck_out_by_the_resume(locking, fault):
    service = locking.service("switched")
    back = service.playbook("back", "switched", *FENCED_BACK)
    with service.start("rollback", "--yes", "--playbook", back, cfg=service.hasty, env={"CUTOVER_FAILPOINT": fault}) as running:
        running.end(120)
    assert writers(service) == ["old"], "whoever comes in is not refused because we are gone"
    service.cutover("run", "--resume", "--yes", cfg=service.hasty, timeout=120).ended(DONE)
    assert held(service)[0] == set()
    assert service.situation == "mirrored" and writers(service) == ["old"]
    service.check_promises()


def test_a_lost_journal_leaves_nobody_locked_out(locking):
    service = locking.service("mirrored")
    before = locked(service)
    with fenced(service, "kill@cut-over.still-closed.after-outcome") as running:
        running.end(120)
    journal = service.lab.cfg_path.parent / "journal.db"
    for path in journal.parent.glob("journal.db*"):
        path.rename(path.with_name("lost-" + path.name))
    try:
        said = service.cutover("status").ended(DONE, r"ALTER USER IF EXISTS .* ACCOUNT UNLOCK").text
        old = service.primaries["old"]
        statement = re.search(rf"held +{old.address}:.*\n +(SET .* ACCOUNT UNLOCK;)", said)[1]
        old.query(statement.rstrip(";"))
        assert locked(service) == before
    finally:
        for path in journal.parent.glob("lost-journal.db*"):
            path.rename(path.with_name(path.name.removeprefix("lost-")))
        service.cutover("abort", "--yes").ended(DONE)


def test_an_account_that_read_only_does_not_stop_is_locked_and_thrown_out(locking):
    service = locking.service("mirrored")
    old = service.primaries["old"]
    old.query("SET SESSION sql_log_bin = 0; CREATE OR REPLACE USER boss@'%' IDENTIFIED BY 'Secret-1';"
              " GRANT ALL PRIVILEGES ON *.* TO boss@'%'")
    boss = pymysql.connect(host=old.address, port=old.port, user="boss", password="Secret-1", autocommit=True)
    try:
        service.cutover("check").ended(DONE, r"boss@% .*it is locked, and its sessions ended")
        service.go("fenced", "mirrored", FENCED)
        with pytest.raises(pymysql.MySQLError):
            boss.cursor().execute("CREATE TABLE blog.bypass (id INT)")
        with pytest.raises(pymysql.MySQLError) as refused:
            pymysql.connect(host=old.address, port=old.port, user="boss", password="Secret-1")
        assert refused.value.args[0] in LOCKED
    finally:
        boss.close()
        old.query("SET SESSION sql_log_bin = 0; DROP USER boss@'%'")


def test_who_says_that_my_cnf_closes_it_is_contradicted_by_the_server(locking):
    service = locking.service("mirrored")
    claims = service.config("claims", lambda c: (c["dns"].pop("resolvers"), c.update(fence={"hold": "config"})))
    kill_and_restart(service.primaries["old"])  # what it has is what its file says
    service.wait_situation("mirrored")
    service.cutover("check", cfg=claims).ended(REFUSED, r"my\.cnf has read_only = 1, but it is off \(COMPILE-TIME\)")
    service.go("stagger", "mirrored", ('{ name = "stagger"; action = "stagger"; }',))
    service.run(service.playbook("fenced", "mirrored", *FENCED), cfg=claims).ended(
        REFUSED, r"a restart would open it")
    assert service.situation == "mirrored" and held(service)[0] == set()
