# SPDX-License-Identifier: MIT
"""Every kind of difference, planted under heavy writes, is found and named; in identical data none ever is.

A random choice of it runs by default (CUTOVER_SEED=N repeats one); CUTOVER_VERIFY_FULL=1, which `make test-verify-full`
sets, runs all of it: each difference alone in every mode, all edges, a thousand comparisons of equal live data.
"""

import os
import random
import subprocess
import threading
import time

import pytest

from tests.integration import planted, programs
from tests.lab.lab import Lab
from tests.lab.procs import wait_until

IS_FULL = bool(os.environ.get("CUTOVER_VERIFY_FULL"))
SEED = int(os.environ.get("CUTOVER_SEED") or random.randrange(10 ** 6))
MODES = ("stream", "remote", "fast")
FALSE_ALARM_RUNS = 1000 if IS_FULL else 12  # over all modes
CHUNKS = (97, 250, 999, 5000)
SPANS = (300, 1000, 500000)


class Subject:
    """A lab with the tables, and how to compare them."""

    def __init__(self, lab):
        self.lab = lab
        self.planted = planted.Planted(lab)
        self.program = programs.build("verify_check")
        self.chooser = random.Random(SEED)
        self.modes = dict.fromkeys(MODES, 0)  # how many tables were compared in which

    @property
    def flavour(self):
        return self.lab.kinds["new"].flavour

    @property
    def plants(self):
        return [plant for plant in planted.PLANTS if plant.only in (None, self.flavour)]

    def words(self, mode, tables=planted.NAMES, chunk=None, span=None):
        chunk = chunk or self.chooser.choice(CHUNKS)
        span = span or self.chooser.choice(SPANS)
        return [self.lab.cfg_path, "old", f"mode={mode}", f"chunk={chunk}", f"span={span}", "workers=2", "rows-only",
                *[f"table={table}" for table in tables]]

    def compare(self, mode, **options):
        words = self.words(mode, **options)
        outcome = programs.run(self.program, *words, timeout=300)
        assert outcome.returncode == 0, (SEED, words, outcome.answer, outcome.progress)
        self.modes.update({name: self.modes[name] + count for name, count in outcome["modes"].items()})
        assert outcome["difference_count"] == len(outcome["differences"]), (SEED, words)
        return found(outcome)


@pytest.fixture(scope="module")
def subject():
    print(f"CUTOVER_SEED={SEED}")
    seed = programs.build("seed_check")
    with Lab(mb=2, replicas=0, dns=False, cloudflare=False, site=False) as lab:
        planted.create(lab.old.primary)
        programs.follow(lab, programs.run(seed, lab.cfg_path, "copy", "old")["position"])
        for server in (lab.old.primary, lab.new.primary):
            planted.keep(server)
        yield Subject(lab)


@pytest.fixture
def plant(subject):
    yield subject.planted.plant
    subject.planted.undo()


def found(outcome):
    """What is said about each row; rows of the table without a key have no name."""
    return sorted((d["kind"], d["table"], None if d["table"] == "blog.planted_none" else d["key"], d["column"])
                  for d in outcome["differences"]) if outcome["differences"] else []


def expected(*plants):
    return sorted(difference for plant in plants for difference in plant.expected)


def assert_found(subject, mode, *plants, **options):
    seen, wanted = subject.compare(mode, **options), expected(*plants)
    missed = [difference for difference in wanted if difference not in seen]
    invented = [difference for difference in seen if difference not in wanted]
    assert (missed, invented) == ([], []) and seen == wanted, f"CUTOVER_SEED={SEED}, mode {mode}"


@pytest.mark.parametrize("mode", MODES)
def test_many_kinds_of_differences_at_once_are_each_found_and_named(subject, plant, mode):
    plants = subject.chooser.sample(subject.plants, len(subject.plants) if IS_FULL else len(subject.plants) * 2 // 3)
    plant(*plants)
    with planted.Writers(subject.lab.old.primary) as writers:
        assert_found(subject, mode, *plants)
    assert writers.count > 20


@pytest.mark.parametrize("mode", MODES)
def test_each_kind_of_difference_alone_is_found_and_named(subject, mode):
    plants = [one for one in subject.plants if not (mode == "fast" and one.is_beyond_checksum)]
    if not IS_FULL:
        plants = subject.chooser.sample(plants, 3)
    with planted.Writers(subject.lab.old.primary):
        for one in plants:
            subject.planted.plant(one)
            try:
                assert_found(subject, mode, one, tables=[f"blog.{one.table}"])
            finally:
                subject.planted.undo()


def test_what_checksums_of_tables_cannot_see_is_seen_by_the_stronger_modes(subject, plant):
    """Should fast learn to see one of these, it is no longer beyond it, and the documents say too little of it."""
    for one in [one for one in subject.plants if one.is_beyond_checksum]:
        plant(one)
        for mode in ("stream", "remote"):
            assert_found(subject, mode, one, tables=[f"blog.{one.table}"])
        assert subject.compare("fast", tables=[f"blog.{one.table}"]) == []
        subject.planted.undo()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", [planted.missing_edges, planted.extra_edges])
def test_a_row_missing_or_too_many_is_found_at_every_edge_of_chunks_and_spans(subject, kind, mode):
    cases = [(offset, chunk) for offset in (1, 2, 3) for chunk in (10, 97, 250)]
    with planted.Writers(subject.lab.old.primary):
        for offset, chunk in cases if IS_FULL else [subject.chooser.choice(cases)]:
            one = kind(offset)
            subject.planted.plant(one)
            try:
                assert_found(subject, mode, one, tables=["blog.planted_edges"], chunk=chunk)
            finally:
                subject.planted.undo()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_whole_chunk_missing_on_either_side_is_found_row_by_row(subject, plant, side, mode):
    chunk = 100
    first = subject.chooser.choice((1, chunk + 1, 10 * chunk - chunk + 1))
    one = planted.missing_range(first, first + chunk - 1, side)
    plant(one)
    with planted.Writers(subject.lab.old.primary):
        assert_found(subject, mode, one, tables=["blog.planted_edges"], chunk=chunk)


@pytest.mark.parametrize("mode", ["stream", "remote"])
def test_a_difference_made_just_before_its_chunk_is_read_is_found(subject, mode):
    """The table is locked on NEW until the comparison waits for it; what is planted then must be seen."""
    new = subject.lab.new.primary
    one = planted.missing_edges(1)
    with planted.Writers(subject.lab.old.primary, quiet=["planted_edges"]), new.connect() as connection:
        programs.caught_up(subject.lab)
        with connection.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            cursor.execute("LOCK TABLES blog.planted_edges WRITE")
            with subprocess.Popen([subject.program, *map(str, subject.words(mode, ["blog.planted_edges"]))], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as popen:
                try:
                    wait_until(lambda: new.query("SELECT id FROM information_schema.processlist WHERE user = 'cutover' AND"
                                                 " state LIKE '%metadata lock%'"), 20, "the comparison to wait for the table")
                    cursor.execute(one.change)
                    subject.planted.note(one)
                finally:
                    cursor.execute("UNLOCK TABLES")
                output, said = popen.communicate(timeout=60)
    try:
        assert popen.returncode == 0, said
        assert found(programs.json.loads(output)) == expected(one)
    finally:
        subject.planted.undo()


class Planting:
    """Plants one row after the other in the table of edges while it runs; keeps when each was there."""

    def __init__(self, server):
        self.numbers = []
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._plant)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _plant(self):
        numbers = random.Random(SEED).sample([n for n in range(1, planted.ROWS) if n % 4], 500)
        with self._server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            while numbers and not self._stop.wait(0.002):
                number = numbers.pop()
                cursor.execute(f"UPDATE blog.planted_edges SET v = 'planted' WHERE id = {planted.STEP * number}")
                self.numbers.append(number)


@pytest.mark.parametrize("mode", MODES)
def test_differences_made_while_verifying_are_found_then_or_next_time_and_none_is_invented(subject, mode):
    def rows(numbers):
        return {("changed", "blog.planted_edges", f"id={planted.STEP * number}", "v") for number in numbers}

    undo = planted.missing_range(1, planted.ROWS, "new")  # heals all that the writers leave alone
    try:
        with planted.Writers(subject.lab.old.primary):
            with Planting(subject.lab.new.primary) as planting:
                wait_until(lambda: len(planting.numbers) > 5, 30, "the first planted rows")
                before = rows(planting.numbers)
                seen = set(subject.compare(mode, tables=["blog.planted_edges"], chunk=50))
            there = rows(planting.numbers)
            assert before <= seen <= there, f"CUTOVER_SEED={SEED}: missed {before - seen}, invented {seen - there}"
            assert set(subject.compare(mode, tables=["blog.planted_edges"], chunk=50)) == there
    finally:
        subject.planted.note(undo)
        subject.planted.undo()


def test_identical_live_data_raises_no_false_alarm(subject):
    runs = dict.fromkeys(MODES, 0)
    subject.modes = dict.fromkeys(MODES, 0)
    began = time.monotonic()
    with planted.Writers(subject.lab.old.primary) as writers:
        for number in range(FALSE_ALARM_RUNS):
            mode = MODES[number % len(MODES)]
            assert subject.compare(mode) == [], f"CUTOVER_SEED={SEED}, run {number}, mode {mode}"
            runs[mode] += 1
    print(f"no false alarm: {runs} comparisons of {subject.modes} tables, {writers.count} writes, {time.monotonic() - began:.0f} s")
    assert all(subject.modes.values()), f"a mode was never used: {subject.modes}"
    assert sum(runs.values()) == FALSE_ALARM_RUNS
