# SPDX-License-Identifier: MIT
"""Whoever dies while NEW is seeded, by whichever method: it is done, or NEW is clean and it can begin again, and in between
nothing takes NEW for a copy.

A cell is a method, a point in it, and who is killed there with SIGKILL. `make test-seed-full` runs all; else those of QUICK.
CUTOVER_SEED_CELLS='physical-*' chooses those whose name has this pattern.
"""

import fnmatch
import os
import re
import signal
from dataclasses import dataclass

import pymysql
import pytest

from tests.integration import awkward
from tests.integration.service import DONE, PERSON, REFUSED, UNDONE, Done, Running
from tests.integration.test_seed_physical import programs as programs_on_hosts
from tests.lab import kinds
from tests.lab.lab import Lab
from tests.lab.procs import wait_until
from tests.lab.servers import Absent

STUCK = "no answer when thread"
WENT_AWAY = re.compile("cannot connect|connection lost")

POINTS = {
    "copy": ("seed.copy.before-act", "seed.before-batch", "seed.allowed", "seed.allowed#3", "seed.before-batch#6",
             "seed.copy.after-act", "seed.copy.after-outcome", "seed.set-position.before-act", "seed.set-position.between-acts",
             "seed.set-position.after-outcome"),
    "clone": ("seed.detach-new.after-act", "seed.clone.before-act", "seed.clone.between-acts", "seed.cloning", "seed.cloned",
              "seed.returned", "seed.clone.after-act", "seed.clone.after-outcome", "seed.admit-new.before-act",
              "seed.admit-new.after-outcome"),
    "physical": ("seed.copy.before-act", "seed.listening", "seed.streaming", "seed.preparing", "seed.copy.after-outcome",
                 "seed.stopped", "seed.swapped", "seed.started", "seed.quiet", "seed.position.between-acts"),
}
KINDS = {"copy": "mariadb-10.11", "clone": "mysql", "physical": "mariadb-10.11"}
VICTIMS = ("controller", "stream", "old", "new")
NOTHING_YET = ("seed.detach-new.after-act",)  # nothing that could be undone: the same playbook simply begins again
NEW_IS_DOWN = ("seed.stopped", "seed.swapped")  # nobody there to be killed

QUICK = ("copy-seed.before-batch#6-new", "physical-seed.streaming-new", "clone-seed.cloning-controller")

PLAYBOOK = """
playbook = {{
  name = "kills"; about = "NEW becomes a copy of OLD and follows it."; needs = "apart";
  steps = ( {{ name = "seed"; action = "seed"; method = "{method}"; }},
            {{ name = "follow"; action = "follow"; }}, {{ name = "verify"; action = "verify"; }} );
}};
"""
RESET = """
playbook = { name = "reset"; about = "NEW is empty."; needs = [ "apart", "following" ];
             steps = ( { name = "reset"; action = "reset"; } ); };
"""
SESSIONS = "SELECT id FROM information_schema.PROCESSLIST WHERE user = 'cutover'"


@dataclass(frozen=True)
class Cell:
    method: str
    point: str
    victim: str
    way: str  # how a person goes on

    def __str__(self):
        return f"{self.method}-{self.point}-{self.victim}"


def all_cells():
    found = [(method, point, victim) for method, points in POINTS.items() for point in points for victim in VICTIMS
             if not (victim == "new" and point in NEW_IS_DOWN)]
    return [Cell(*cell, ("resume", "abort")[number % 2]) for number, cell in enumerate(found)]


def chosen():
    wish = os.environ.get("CUTOVER_SEED_CELLS")
    return [cell for cell in all_cells() if (fnmatch.fnmatchcase(str(cell), wish) if wish else str(cell) in QUICK)]


@pytest.fixture(scope="module")
def lab(request):
    method = request.param
    try:
        kinds.find(KINDS[method])
    except Absent as absent:
        pytest.skip(str(absent))
    with Lab(mb=2, replicas=0, dns=False, cloudflare=False, site=False, old=KINDS[method], new=KINDS[method],
             ssh=method == "physical") as lab:
        awkward.plant(lab)
        (lab.root / "kills.cfg").write_text(PLAYBOOK.format(method=method))
        (lab.root / "reset.cfg").write_text(RESET)
        quiet(lab)
        yield lab


def quiet(lab):
    """Nothing writes on OLD by itself: two looks at it are the same."""
    lab.old.primary.query("SET GLOBAL event_scheduler = OFF")


def cutover(lab, *words):
    return Done(words, lab.cutover(*words, timeout=300))


def situation(lab):
    return cutover(lab, "status", "--json").ended(DONE).json["situation"]


def end_stream(lab, cell):
    """What carries the rows, or the words that direct it."""
    if cell.method == "physical":
        lab.hosts["new1"].kill_sessions()
        return
    for row in lab.old.primary.query(SESSIONS):
        try:
            lab.old.primary.query("KILL %s", (next(iter(row.values())),))
        except pymysql.OperationalError:
            pass  # it has gone by itself


def kill(lab, cell):
    if cell.victim == "stream":
        end_stream(lab, cell)
        return
    server = {"old": lab.old, "new": lab.new}[cell.victim].primary
    server.kill9()
    server.start()


def interrupted(lab, cell):
    """The run in which it happens, ended."""
    deed = "kill" if cell.victim == "controller" else "pause"
    with Running(lab.cfg_path, ["run", lab.root / "kills.cfg", "--yes"], lab.root / "said",
                 env={"CUTOVER_FAILPOINT": f"{deed}@{cell.point}"}) as running:
        if deed == "pause":
            wait_until(lambda: running.is_paused() or running.has_ended(), 120, f"the run to come to {cell.point}")
            assert not running.has_ended(), running.text
            kill(lab, cell)
            running.signal(signal.SIGCONT)
        done = running.end(280)
    assert (done.code == -signal.SIGKILL) == (deed == "kill"), done
    return done


def come_back(lab):
    """Whatever was told to go has gone, and the servers answer."""
    wait_until(lambda: not lab.hosts or not programs_on_hosts(lab), 60, "the programs on the hosts to end")
    wait_until(lab.old.primary.answers, 60, "OLD's primary")
    quiet(lab)


def check_same(lab):
    old, new = lab.old.primary, lab.new.primary
    new.wait_applied(old.position(), 60)
    assert situation(lab) == "following"
    made = awkward.statements(old)
    assert awkward.statements(new) == made
    assert awkward.programs(new) == awkward.programs(old)
    for name in made:
        assert awkward.rows(new, name) == awkward.rows(old, name), name
    assert new.value("SELECT @@GLOBAL.read_only") == 1
    cutover(lab, "run", lab.root / "reset.cfg", "--yes").ended(DONE)


def check_clean(lab):
    server = lab.new.primary
    wait_until(server.answers, 60, "NEW's primary")
    assert situation(lab) == "apart"
    assert not [row for row in server.query("SHOW DATABASES") if row["Database"] == "blog"]
    assert server.value("SELECT @@GLOBAL.read_only") == 1
    assert lab.old.primary.value("SELECT @@GLOBAL.read_only") == 0
    if lab.hosts:
        assert not list(server.folder.glob("*.cutover-seed")) and not list(server.drop_in.iterdir())


def go_on(lab, cell, done):
    """As a person would, until it is one or the other."""
    if done.code not in (DONE, UNDONE):
        again = cutover(lab, "run", lab.root / "kills.cfg", "--yes")
        if STUCK in again.text:  # MySQL 9.7 does that now and then to a clone that is ended: do what the hint says
            lab.new.primary.kill9()
            lab.new.primary.start()
            again = cutover(lab, "run", lab.root / "kills.cfg", "--yes")
        if cell.method == "clone" and again.code == UNDONE and WENT_AWAY.search(again.text):
            wait_until(lab.new.primary.answers, 60, "NEW's primary")  # it was about to restart into its clone
            again = cutover(lab, "run", lab.root / "kills.cfg", "--yes")
        if cell.point in NOTHING_YET:
            again.ended(DONE)
            return True
        again.ended(REFUSED)  # nobody takes NEW for what it is not
        words = ("run", "--resume", "--yes") if cell.way == "resume" else ("abort", "--yes")
        done = cutover(lab, *words)
        if done.code == PERSON and "stays where it stopped" in done.text:
            if cell.method == "physical":  # NEW is down since we have stopped it: nothing but an abort starts it again
                assert not lab.new.primary.answers(), done
                assert "abort" in done.text, done
                cutover(lab, "abort", "--yes").ended(DONE)
                return False
            wait_until(lab.new.primary.answers, 60, "NEW's primary")  # it is about to restart into its clone
            done = cutover(lab, *words)
        if cell.way == "abort":
            done.ended(DONE)
            return False
        if done.code not in (DONE, UNDONE):
            cutover(lab, "abort", "--yes").ended(DONE)
    return done.code == DONE


@pytest.mark.parametrize("lab, cell", [pytest.param(cell.method, cell, id=str(cell)) for cell in chosen()], indirect=["lab"])
def test_it_is_done_or_clean_whoever_is_killed(lab, cell):
    done = interrupted(lab, cell)
    come_back(lab)
    if go_on(lab, cell, done):
        check_same(lab)
    else:
        check_clean(lab)
