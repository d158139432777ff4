# SPDX-License-Identifier: MIT
"""The whole story at small scale, under traffic: there and back without a pause, there and back with one, there for good.

It is told once for all tests of this module; each test looks at one thing that must be true of it.
"""

import contextlib
import itertools
from dataclasses import dataclass, field

import pytest

from tests.integration.service import DONE, Referee, Service
from tests.lab.crowd_audit import audit
from tests.lab.demo_crowd import CrowdProcess
from tests.lab.lab import Lab
from tests.lab.procs import wait_until

CLIENTS = 4
BUDGET_MS = 2000      # of the shipped fenced playbooks
SILENCE_S = 10        # the event may miss a beat while it changes sides, no more

# What is run, in this order, and the situation it must end in. Every row is under traffic but the last.
CHAPTERS = (
    ("1-follow", "following", "old"),
    ("3-mirror", "mirrored", "old"),
    ("4-migration-day", "switched", "new"),
    ("rollback", "mirrored", "old"),
    ("4-migration-day-fenced", "switched", "new"),
    ("rollback-fenced", "mirrored", "old"),
    ("4-migration-day-fenced", "switched", "new"),
    ("5-retire", "retired", "new"),
)


@dataclass
class Chapter:
    playbook: str
    situation: str
    users_on: str
    open_sides: list
    points_to: str
    counters: dict
    events: dict
    seen_open: set         # by the referee, while it ran; None without one
    report: dict


@dataclass
class Story:
    chapters: list = field(default_factory=list)
    figures: dict = None     # the crowd's
    verdict: object = None   # the audit's
    verified: dict = None
    ticks: list = None       # [(seconds, server_id)] of the event, in order
    posts: list = None       # [{id, side}] written since ids were staggered

    def crossings(self, mode):
        """The chapters that move the users in a mode."""
        marks = {"fenced": ("-fenced",), "shared": ("4-migration-day", "rollback")}[mode]
        return [c for c in self.chapters if c.playbook.endswith(marks)]


def tell(service, story, row):
    """One chapter: run it with a referee looking on, then note what is true."""
    playbook, situation, users_on = row
    words = ["rollback", "--yes"] if playbook.startswith("rollback") else ["run", service.shipped(playbook), "--yes"]
    if playbook.startswith("rollback"):
        words += ["--mode", "fenced" if "fenced" in playbook else "shared", "--playbook", service.shipped(playbook)]
    # The gate of 5-retire waits for whoever is connected to OLD, and a referee would be.
    with contextlib.nullcontext() if situation == "retired" else Referee(service) as referee:
        service.cutover(*words).ended(DONE, f"Situation {situation}")
    report = service.cutover("report", "--format", "json").ended(DONE).json
    counters = {side: primary.query("SELECT @@auto_increment_increment AS i, @@auto_increment_offset AS o")[0]
                for side, primary in service.primaries.items()}
    story.chapters.append(Chapter(playbook, situation, users_on, service.open_sides(), service.points_to(), counters,
                                  service.events(), referee.seen if referee else None, report))


def settle(service):
    """Nobody writes any more: each side has what the other has."""
    old, new = service.primaries["old"], service.primaries["new"]
    for here, there in ((new, old), (old, new)):
        here.wait_applied(there.position())


@pytest.fixture(scope="module", name="story")
def told_story(tmp_path_factory):
    story = Story()
    with Lab(mb=2) as lab:
        service = Service(lab)
        with CrowdProcess(lab, tmp_path_factory.mktemp("crowd"), CLIENTS) as crowd:
            wait_until(lambda: crowd.acknowledged() >= 5 * CLIENTS, 60, "the visitors to be at work")
            for number, row in enumerate(CHAPTERS[:-1]):
                tell(service, story, row)
                if row[0] == "3-mirror":
                    last_before = service.primaries["old"].value("SELECT MAX(id) FROM blog.posts")
                crowd.mark(f"{number}-{row[0]}")
                seen = crowd.acknowledged()
                wait_until(lambda: crowd.acknowledged() > seen + 5 * CLIENTS, 60, "the visitors to go on")
            story.figures = crowd.stop()
        settle(service)
        story.verdict = audit(crowd.ledger, lab.database("old", "controller"), lab.database("new", "controller"), settled=True)
        story.verified = service.cutover("verify", "--json").json
        tell(service, story, CHAPTERS[-1])
        new = service.primaries["new"]
        story.ticks = [(float(row["at"]), row["server_id"]) for row in new.query(
            "SELECT UNIX_TIMESTAMP(fired_at) AS at, server_id FROM blog.event_ticks ORDER BY fired_at")]
        story.posts = new.query("SELECT id, side FROM blog.posts WHERE id > %s AND side IN ('old', 'new')", (last_before,))
    return story


def test_every_chapter_ends_in_its_situation_with_the_users_and_the_writes_on_the_right_side(story):
    assert len(story.chapters) == len(CHAPTERS)
    for chapter in story.chapters:
        assert chapter.open_sides == [chapter.users_on], chapter
        assert chapter.points_to == chapter.users_on, chapter
        assert chapter.report["situation"] == chapter.situation, chapter


def test_no_acknowledged_write_is_lost_doubled_or_altered(story):
    assert story.verdict.is_clean, story.verdict
    assert story.verdict.acknowledged == story.figures["acknowledged"] > 100
    assert min(story.verdict.by_side.get(side, 0) for side in ("old", "new")) > 20, story.verdict.by_side


def test_a_sign_up_that_began_on_old_was_confirmed_on_new_and_the_other_way_round(story):
    assert story.verdict.cross_side_signups["old->new"] >= 1
    assert story.verdict.cross_side_signups["new->old"] >= 1


def test_both_sides_hold_the_same_rows_in_the_end(story):
    assert story.verified["differences"] == []


def test_a_fenced_crossing_never_has_two_writers_and_keeps_its_budget(story):
    assert len(story.crossings("fenced")) == 3
    for chapter in story.crossings("fenced"):
        assert chapter.seen_open <= {("old",), ("new",), ()}, chapter
        assert 0 <= chapter.report["write_pause_ms"] <= BUDGET_MS, chapter.report


def test_a_shared_crossing_always_has_a_writer(story):
    assert len(story.crossings("shared")) == 2
    for chapter in story.crossings("shared"):
        assert () not in chapter.seen_open, chapter
        assert ("old", "new") in chapter.seen_open, chapter


def test_new_takes_no_write_before_the_first_crossing(story):
    for chapter in story.chapters[:2]:
        assert chapter.seen_open == {("old",)}, chapter


def test_ids_are_staggered_from_the_mirror_on(story):
    for chapter in story.chapters[1:-1]:
        steps = {(c["i"], c["o"]) for c in chapter.counters.values()}
        assert len(steps) == 2 and {increment for increment, _ in steps} == {2}, chapter
    parity = {side: {post["id"] % 2 for post in story.posts if post["side"] == side} for side in ("old", "new")}
    assert sorted(parity.values(), key=sorted) == [{0}, {1}], parity


def test_the_event_is_enabled_on_the_side_of_the_users_and_nowhere_else(story):
    for chapter in story.chapters:
        assert {side for side, status in chapter.events.items() if status == "ENABLED"} == {chapter.users_on}, chapter


def test_the_event_fired_on_one_side_at_a_time_and_never_fell_silent(story):
    sides = [server_id for server_id, _ in itertools.groupby(server_id for _, server_id in story.ticks)]
    assert sides == [101, 201, 101, 201, 101, 201]
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(story.ticks)]
    assert max(gaps) < SILENCE_S


def test_after_retire_there_is_no_link_and_old_is_closed(story):
    last = story.chapters[-1]
    assert (last.situation, last.open_sides, last.points_to) == ("retired", ["new"], "new")
