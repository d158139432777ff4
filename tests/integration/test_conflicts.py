# SPDX-License-Identifier: MIT
"""Both sides open: writes of the same row within the replication delay are named, and no others."""

import json
import queue
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.integration import programs
from tests.integration.service import DONE, REFUSED, SHARED, Stage
from tests.lab import kinds
from tests.lab.lab import Lab
from tests.lab.procs import wait_until
from tests.lab.servers import Absent

ROWS = 200


@pytest.fixture(scope="module", params=["mariadb-10.11", "mariadb-11.8", "mysql"])
def lab(request):
    try:
        kinds.find(request.param)
    except Absent as absent:
        pytest.skip(str(absent))
    seed = programs.build("seed_check")
    with Lab(old=request.param, new=request.param, mb=2, replicas=0, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query("SET GLOBAL event_scheduler = OFF;"
                              "CREATE TABLE blog.both (id INT PRIMARY KEY, n BIGINT NOT NULL, who VARCHAR(20))")
        lab.old.primary.query("INSERT INTO blog.both VALUES " + ", ".join(f"({n}, 0, '')" for n in range(ROWS)))
        programs.follow(lab, programs.run(seed, lab.cfg_path, "copy", "old")["position"])
        programs.mirror(lab)
        is_mysql = lab.new.primary.kind.flavour == "mysql"
        lab.new.primary.query(("SET GLOBAL super_read_only = 0; " if is_mysql else "") + "SET GLOBAL read_only = 0")
        yield lab


class Finder:
    """The program, and what it printed."""

    def __init__(self, lab):
        self.process = subprocess.Popen([programs.build("conflicts_check"), lab.cfg_path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=lambda: [self.lines.put(json.loads(line)) for line in self.process.stdout])
        self.reader.start()
        assert self.lines.get(timeout=30) == {"reading": True}

    def next(self, timeout=20):
        return self.lines.get(timeout=timeout)

    def end(self):
        """The lines that were not taken, and the sums."""
        self.process.stdin.close()
        self.process.wait(30)
        self.reader.join()
        rest = []
        while not self.lines.empty():
            rest.append(self.lines.get())
        return rest[:-1], rest[-1]


@pytest.fixture
def finder(lab):
    finder = Finder(lab)
    yield finder
    if finder.process.poll() is None:
        finder.process.kill()
        finder.reader.join()


def settled(lab):
    """Each side has everything of the other."""
    for _ in range(2):
        lab.new.primary.wait_applied(lab.old.primary.position())
        lab.old.primary.wait_applied(lab.new.primary.position())


def stop(lab, side):
    programs.say(getattr(lab, side).primary, "stop", channel=programs.CHANNELS[side])


def start(lab, side):
    programs.say(getattr(lab, side).primary, "start", channel=programs.CHANNELS[side])


def apart(lab, *statements):
    """Statements on both sides, (old, new), while neither hears of the other."""
    stop(lab, "old")
    stop(lab, "new")
    try:
        for old, new in statements:
            lab.old.primary.query(old)
            lab.new.primary.query(new)
    finally:
        start(lab, "old")
        start(lab, "new")
    settled(lab)


def mend(lab):
    """What a conflict left differently, the same again."""
    lab.old.primary.query("UPDATE blog.both SET n = n + 1, who = 'mended' WHERE id < 20")
    settled(lab)


def test_the_same_row_written_on_both_sides_is_named(lab, finder):
    apart(lab, ("UPDATE blog.both SET who = 'old' WHERE id = 7", "UPDATE blog.both SET who = 'new' WHERE id IN (7, 8)"),
          ("UPDATE blog.both SET who = 'old' WHERE id = 9", "UPDATE blog.both SET who = 'new' WHERE id = 10"))
    found = finder.next()
    assert (found["table"], found["key"]) == ("blog.both", "7")
    is_mysql = lab.old.primary.kind.flavour == "mysql"
    if is_mysql:
        assert found["old"].split(":")[0] == lab.old.primary.value("SELECT @@server_uuid")
        assert found["new"].split(":")[0] == lab.new.primary.value("SELECT @@server_uuid")
    else:
        assert found["old"].startswith("1-101-") and found["new"].startswith("2-201-")
    assert abs(found["old_ms"] - found["new_ms"]) < 60000
    rest, sums = finder.end()
    assert rest == [] and sums["found"] == 1 and sums["unjudged"] == 0, (rest, sums)
    mend(lab)


def test_writes_by_turns_are_no_conflict_however_close(lab, finder):
    old, new = lab.old.primary, lab.new.primary
    for n in range(20):
        old.query(f"UPDATE blog.both SET n = n + 1, who = 'old {n}' WHERE id = 11")
        new.wait_applied(old.position())
        new.query(f"UPDATE blog.both SET n = n + 1, who = 'new {n}' WHERE id = 11")
        old.wait_applied(new.position())
    settled(lab)
    wait_until(lambda: old.value("SELECT n FROM blog.both WHERE id = 11") == new.value("SELECT n FROM blog.both WHERE id = 11"),
               10, "both sides have the last write")
    rest, sums = finder.end()
    assert rest == [] and sums["found"] == 0, (rest, sums)


def test_load_on_different_rows_of_both_sides_raises_none(lab, finder):
    errors = []

    def write(server, parity):
        try:
            with server.connect() as connection, connection.cursor() as cursor:
                deadline = time.monotonic() + 4
                n = 0
                while time.monotonic() < deadline:
                    n += 1
                    row = 20 + parity + 2 * (n * 7 % 80)
                    cursor.execute("BEGIN")
                    cursor.execute(f"UPDATE blog.both SET n = n + 1 WHERE id = {row}")
                    cursor.execute(f"UPDATE blog.both SET n = n + 1, who = 'x{n}' WHERE id = {row}")
                    cursor.execute(f"REPLACE INTO blog.both VALUES ({1000 + parity + 2 * (n % 50)}, {n}, 'r')")
                    cursor.execute("COMMIT")
        except Exception as error:  # told by the test itself
            errors.append(error)

    writers = [threading.Thread(target=write, args=(lab.old.primary, 0)), threading.Thread(target=write, args=(lab.new.primary, 1))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not errors
    settled(lab)

    def all_arrived():
        time_left = finder.process.poll() is None
        return time_left and lab.old.primary.value("SELECT SUM(n) FROM blog.both") == lab.new.primary.value(
            "SELECT SUM(n) FROM blog.both")
    wait_until(all_arrived, 30, "both sides are the same")
    rest, sums = finder.end()
    assert rest == [] and sums["found"] == 0 and sums["unjudged"] == 0, (rest[:3], sums)


def test_reading_goes_on_where_it_was_left_after_a_restart(lab, finder):
    lab.new.primary.restart()
    assert finder.next()["reading"] is False
    lab.new.primary.query("SET GLOBAL event_scheduler = OFF")
    is_mysql = lab.new.primary.kind.flavour == "mysql"
    lab.new.primary.query(("SET GLOBAL super_read_only = 0; " if is_mysql else "") + "SET GLOBAL read_only = 0")
    wait_until(lambda: all(link.runs for server in (lab.old.primary, lab.new.primary) for link in server.links()), 60,
               "the links are back")
    assert finder.next(60) == {"reading": True}
    apart(lab, ("UPDATE blog.both SET who = 'old' WHERE id = 3", "UPDATE blog.both SET who = 'new' WHERE id = 3"))
    found = finder.next()
    assert (found["table"], found["key"]) == ("blog.both", "3")
    mend(lab)
    rest, sums = finder.end()
    assert rest == [] and sums["found"] == 1, (rest, sums)


def test_a_row_inserted_on_both_sides_is_named_although_the_links_stop(lab, finder):
    """The last test here: it leaves the links stopped."""
    stop(lab, "old")
    stop(lab, "new")
    lab.old.primary.query("INSERT INTO blog.both VALUES (5000, 1, 'old')")
    lab.new.primary.query("INSERT INTO blog.both VALUES (5000, 1, 'new')")
    found = finder.next()
    assert (found["table"], found["key"]) == ("blog.both", "5000")
    start(lab, "old")
    start(lab, "new")
    wait_until(lambda: any(not link.runs for link in lab.new.primary.links()), 30, "the link stops at the duplicate")
    rest, sums = finder.end()
    assert rest == [] and sums["found"] == 1


def test_a_run_with_both_sides_open_keeps_conflicts_as_events_and_counts_them_for_its_gates():
    """Once on the kind of servers that the suite is run on."""
    watch = '{ name = "watch"; action = "watch"; for = "6s"; rollback_if = [ "conflicts > 1000" ]; }'
    gate = '{ name = "go"; action = "gate"; require = [ "conflicts = 0" ]; timeout = "2s"; }'
    with Stage(mb=1, site=False) as stage:
        service = stage.service("mirrored")
        lab = service.lab
        lab.old.primary.query("INSERT INTO blog.tags (name, colour) VALUES ('both', '#000000'), ('other', '#000000')")
        service.run(service.playbook("calm", "mirrored", *SHARED, watch, gate)).ended(DONE, "go: conflicts 0")
        service.reach("mirrored")
        with service.start("run", service.playbook("watched", "mirrored", *SHARED, watch, gate), "--yes") as running:
            running.wait_says("watching: lag", 60)
            apart(lab, ("UPDATE blog.tags SET colour = '#0000aa' WHERE name = 'both'",
                        "UPDATE blog.tags SET colour = '#0000bb' WHERE name IN ('both', 'other')"))
            done = running.end()
        done.ended(REFUSED, "conflict: row both of blog.tags was written on both sides", "no go: NOT YET conflicts 1")
        with sqlite3.connect(Path(lab.cfg_path).with_name("journal.db")) as journal:
            texts = [json.loads(detail)["text"] for (detail,) in journal.execute("SELECT detail FROM event WHERE name = 'conflict'")]
        assert len(texts) == 1 and "both of blog.tags" in texts[0]
