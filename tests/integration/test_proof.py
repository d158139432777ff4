# SPDX-License-Identifier: MIT
"""A proof against real servers: it stays small under writes, finds what a full pass cannot, and never ends well by
forgetting."""

import contextlib
import json
import os
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from tests.integration import programs
from tests.lab.lab import Lab
from tests.lab.procs import wait_until

TABLES = """
CREATE TABLE blog.proof_rows (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, t VARCHAR(80) NOT NULL);
CREATE TABLE blog.proof_slugs (lang CHAR(2), slug VARCHAR(60), n INT, PRIMARY KEY (lang, slug));
CREATE TABLE blog.proof_heap (a INT, b INT);
CREATE TABLE blog.proof_parent (id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE blog.proof_child (id INT PRIMARY KEY, parent INT, v INT,
    CONSTRAINT proof_child_parent FOREIGN KEY (parent) REFERENCES blog.proof_parent (id) ON DELETE CASCADE);
CREATE TABLE blog.proof_grand (id INT PRIMARY KEY, child INT, v INT,
    CONSTRAINT proof_grand_child FOREIGN KEY (child) REFERENCES blog.proof_child (id) ON DELETE CASCADE);
"""


def rows(table, first, last, values):
    return f"INSERT INTO {table} VALUES " + ", ".join(values.format(i=i) for i in range(first, last + 1))


FILL = [rows("blog.proof_rows", 1, 3000, "({i}, 0, 'row {i}')"),
        rows("blog.proof_slugs", 1, 500, "('de', 'slug {i}', {i})"),
        rows("blog.proof_heap", 1, 50, "({i}, {i})"),
        rows("blog.proof_parent", 1, 50, "({i}, 'parent')"),
        rows("blog.proof_child", 1, 200, "({i}, 1 + {i} % 50, 0)"),
        rows("blog.proof_grand", 1, 400, "({i}, 1 + {i} % 200, 0)")]


class Check:
    """The program proof_check: one command a line, one answer a line."""

    def __init__(self, program, lab, *args, failpoint=""):
        self._process = subprocess.Popen([program, str(lab.cfg_path), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, env={**os.environ, "CUTOVER_FAILPOINT": failpoint})
        self.started = self._answer()

    def _answer(self):
        line = self._process.stdout.readline()
        assert line, f"proof_check ended with {self._process.wait(10)}"
        return json.loads(line)

    def __call__(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def kill9(self):
        self._process.kill()
        self._process.wait()

    def end(self):
        if self._process.poll() is None:
            try:
                self._process.communicate("quit\n", timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.stdout.close()

    def wait(self, what, condition, deadline_s=60):
        seen = {}

        def holds():
            seen.update(self("look"))
            return condition(seen)

        try:
            wait_until(holds, deadline_s, what)
        except Exception as error:
            raise AssertionError(f"{what}: {seen}") from error
        return seen


@pytest.fixture(scope="module")
def program():
    return programs.build("proof_check")


@pytest.fixture(scope="module")
def verify():
    program = programs.build("verify_check")
    return lambda lab, *args: programs.run(program, lab.cfg_path, *(args or ["old"]))


@pytest.fixture(scope="module")
def lab():
    seed = programs.build("seed_check")
    with Lab(mb=2, replicas=0, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query(TABLES + ";".join(FILL))
        programs.follow(lab, programs.run(seed, lab.cfg_path, "copy", "old")["position"])
        yield lab


@pytest.fixture
def proof(program, lab):
    """Start proof_check, with a full pass; ended with the test."""
    checks = []

    def start(*args, is_passed=True, failpoint=""):
        check = Check(program, lab, "old", *args, failpoint=failpoint)
        checks.append(check)
        assert check.started["code"] == "none", check.started
        if is_passed:
            done = check("pass")
            assert done["code"] == "none" and done["differences"] == [], done
        return check

    yield start
    for check in checks:
        check.end()


@contextmanager
def writers(lab, *statements):
    """Sessions that repeat a statement with a number that grows, until the block ends."""
    ending = threading.Event()
    counts = [0] * len(statements)
    failures = []

    def write(at, statement):
        try:
            with lab.old.primary.connect() as connection, connection.cursor() as cursor:
                while not ending.is_set():
                    cursor.execute(statement.format(n=counts[at]))
                    connection.commit()
                    counts[at] += 1
        except Exception as error:  # told when the block ends
            failures.append(error)

    threads = [threading.Thread(target=write, args=(at, text)) for at, text in enumerate(statements)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    assert not failures, failures


HEAVY = ("UPDATE blog.proof_rows SET n = n + 1 WHERE id = 1 + {n} * 7 % 3000",
         "INSERT INTO blog.proof_rows (id, n, t) VALUES (100000 + {n}, 0, 'new') ON DUPLICATE KEY UPDATE n = n + 1",
         "UPDATE blog.proof_slugs SET n = n + 1 WHERE lang = 'de' AND slug = CONCAT('slug ', 1 + {n} % 500)")


def changed_on_new(lab, statement, logged):
    with lab.new.primary.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SET sql_log_bin = {int(logged)}, foreign_key_checks = 0")
        cursor.execute(statement)
        connection.commit()


@contextmanager
def spoiled(lab, statement, mend, logged):
    """NEW is changed behind replication's back, and mended afterwards."""
    changed_on_new(lab, statement, logged)
    try:
        yield
    finally:
        changed_on_new(lab, mend, logged=False)


def touch(lab, statement):
    """A write that carries only the columns it changes: a whole row would mend what was spoiled."""
    lab.old.primary.query(f"SET SESSION binlog_row_image = 'MINIMAL'; {statement}; COMMIT")


def close(lab, is_closed):
    lab.old.primary.query(f"SET GLOBAL read_only = {int(is_closed)}")
    if is_closed:
        programs.caught_up(lab)


@contextmanager
def still(lab):
    close(lab, True)
    try:
        yield
    finally:
        close(lab, False)


def certified(answer):
    assert answer["code"] == "none" and answer["differences"] == [], answer
    return answer["certificate"]


def keys(answer):
    return sorted((d["kind"], d["table"], d["key"]) for d in answer["differences"])


def test_the_set_stays_small_under_writes_and_the_certificate_is_true(lab, proof, verify):
    check = proof()
    with writers(lab, *HEAVY) as counts:
        wait_until(lambda: min(counts) > 300, 60, "writes")
        busy = check("look")
        assert busy["covering"] and not busy["broken"], busy
        moving = certified(check("settle moving 30000"))
        assert not moving["fenced"]
        wait_until(lambda: min(counts) > 800, 60, "more writes")
    with still(lab):
        sealed = certified(check("settle still 10000"))
        assert sealed["fenced"] and sealed["rows_reproven"] > 0
        full = verify(lab, "old", "still")
        assert full["differences"] == []
        assert full["position"] == sealed["position"]
    assert check("look")["rows"] == 0


def test_a_difference_written_on_new_after_the_pass_is_found(lab, proof):
    check = proof()
    with spoiled(lab, "UPDATE blog.proof_rows SET t = 'spoiled' WHERE id = 17",
                 "UPDATE blog.proof_rows SET t = 'row 17' WHERE id = 17", logged=True):
        check.wait("the difference", lambda now: now["differences"] == 1)
        with still(lab):
            answer = check("settle still 10000")
        assert answer["code"] == "data", answer
        assert keys(answer) == [("changed", "blog.proof_rows", "id=17")]
    check.wait("that it is mended", lambda now: now["differences"] == 0)
    certified(check("settle moving 30000"))


@pytest.mark.parametrize("way", ["moving", "still"])
def test_a_difference_that_is_being_noted_as_the_last_look_begins_is_told(lab, proof, way):
    """The prover has found it and stands still for three seconds; what is found later than that is told in any case."""
    check = proof(failpoint="nap@proof.different")
    with (spoiled(lab, "UPDATE blog.proof_rows SET t = 'spoiled' WHERE id = 5",
                  "UPDATE blog.proof_rows SET t = 'row 5' WHERE id = 5", logged=True),
          still(lab) if way == "still" else contextlib.nullcontext()):
        time.sleep(1)  # of the three
        answer = check(f"settle {way} 60000")
        assert keys(answer) == [("changed", "blog.proof_rows", "id=5")], answer
    check.wait("that it is mended", lambda now: now["differences"] == 0)


def test_a_difference_that_no_log_tells_is_found_when_its_row_is_written_to(lab, proof):
    check = proof()
    with spoiled(lab, "UPDATE blog.proof_rows SET t = 'spoiled' WHERE id = 18",
                 "UPDATE blog.proof_rows SET t = 'row 18' WHERE id = 18", logged=False):
        touch(lab, "UPDATE blog.proof_rows SET n = n + 1 WHERE id = 18")
        with still(lab):
            answer = check("settle still 10000")
        assert answer["code"] == "data", answer
        assert keys(answer) == [("changed", "blog.proof_rows", "id=18")]


def test_a_row_of_the_other_side_alone_is_found(lab, proof):
    check = proof()
    with spoiled(lab, "INSERT INTO blog.proof_slugs VALUES ('xx', 'only here', 1)",
                 "DELETE FROM blog.proof_slugs WHERE lang = 'xx'", logged=True):
        check.wait("the difference", lambda now: now["differences"] == 1)
        answer = check("settle moving 30000")
        assert keys(answer) == [("extra", "blog.proof_slugs", "lang='xx', slug='only here'")]


def test_killed_and_started_again_it_goes_on_from_its_floor(lab, proof):
    check = proof()
    lab.old.primary.query("UPDATE blog.proof_rows SET n = n + 1 WHERE id < 40; COMMIT")
    certified(check("settle moving 30000"))  # NEW has applied it: what is spoilt from here on stays so
    floor = check("look")
    check.kill9()
    with spoiled(lab, "UPDATE blog.proof_rows SET t = 'spoiled' WHERE id = 19",
                 "UPDATE blog.proof_rows SET t = 'row 19' WHERE id = 19", logged=True):
        lab.old.primary.query("UPDATE blog.proof_rows SET n = n + 1 WHERE id BETWEEN 20 AND 30; COMMIT")
        again = proof(f"source={floor['source']}", f"replica={floor['replica']}", is_passed=False)
        assert again("settle moving 30000")["code"] == "refused"  # it rests on nothing yet
        again("rest")
        answer = again("settle moving 30000")
        assert keys(answer) == [("changed", "blog.proof_rows", "id=19")], answer
    again.wait("that it is mended", lambda now: now["differences"] == 0)
    assert certified(again("settle moving 30000"))["rows_reproven"] >= 11


def test_a_log_that_is_gone_breaks_it_loudly(lab, program):
    old = lab.old.primary
    floor = Check(program, lab, "old")
    begun = floor("look")
    floor.end()
    old.query("UPDATE blog.proof_rows SET n = n + 1 WHERE id = 1; COMMIT; FLUSH BINARY LOGS")
    programs.caught_up(lab)
    newest = old.query("SHOW BINARY LOGS")[-1]
    name = newest["Log_name"] if isinstance(newest, dict) else newest[0]

    def purged():
        old.query(f"PURGE BINARY LOGS TO '{name}'")
        return len(old.query("SHOW BINARY LOGS")) == 1

    wait_until(purged, 30, "that the old logs are gone")
    late = Check(program, lab, "old", f"source={begun['source']}", f"replica={begun['replica']}")
    try:
        if late.started["code"] == "none":
            late("rest")
            late.wait("that it is broken", lambda now: now["broken"])
            refused = late("settle moving 1000")
        else:
            refused = late.started
        assert refused["code"] == "refused", refused
        assert "log" in refused["error"], refused
    finally:
        late.end()


def test_definitions_that_change_are_followed(lab, proof, verify):
    check = proof()
    old = lab.old.primary
    old.query("ALTER TABLE blog.proof_slugs ADD COLUMN more INT NULL")
    old.query("CREATE TABLE blog.proof_born (id INT PRIMARY KEY, v INT); INSERT INTO blog.proof_born VALUES (1, 1); COMMIT")
    old.query("UPDATE blog.proof_slugs SET more = 5 WHERE slug = 'slug 9'; COMMIT")
    certified(check("settle moving 60000"))
    with spoiled(lab, "UPDATE blog.proof_born SET v = 2", "UPDATE blog.proof_born SET v = 1", logged=True):
        answer = check("settle moving 60000")
        assert keys(answer) == [("changed", "blog.proof_born", "id=1")], answer
    old.query("DROP TABLE blog.proof_born; ALTER TABLE blog.proof_slugs DROP COLUMN more")
    certified(check("settle moving 60000"))
    with still(lab):
        certified(check("settle still 20000"))
        assert verify(lab, "old", "still")["differences"] == []


def test_rows_that_a_foreign_key_changed_are_proven_as_well(lab, proof):
    check = proof()
    with spoiled(lab, "INSERT INTO blog.proof_child VALUES (9001, 7, 1)", "DELETE FROM blog.proof_child WHERE id = 9001",
                 logged=False):
        lab.new.primary.query("SET sql_log_bin = 0, foreign_key_checks = 0;"
                              "ALTER TABLE blog.proof_child DROP FOREIGN KEY proof_child_parent")
        try:
            lab.old.primary.query("DELETE FROM blog.proof_parent WHERE id = 7; COMMIT")
            with still(lab):
                answer = check("settle still 20000")
            assert answer["code"] == "data", answer
            assert ("extra", "blog.proof_child", "id=9001") in keys(answer)
        finally:
            lab.new.primary.query("SET sql_log_bin = 0; DELETE FROM blog.proof_child WHERE parent = 7;"
                                  "DELETE FROM blog.proof_grand WHERE child NOT IN (SELECT id FROM blog.proof_child);"
                                  "ALTER TABLE blog.proof_child ADD CONSTRAINT proof_child_parent FOREIGN KEY (parent)"
                                  " REFERENCES blog.proof_parent (id) ON DELETE CASCADE")


def test_a_table_without_a_key_is_proven_as_a_whole(lab, proof):
    check = proof()
    lab.old.primary.query("UPDATE blog.proof_heap SET b = b + 1 WHERE a = 3; COMMIT")
    certified(check("settle moving 30000"))
    with spoiled(lab, "UPDATE blog.proof_heap SET b = -1 WHERE a = 4", "UPDATE blog.proof_heap SET b = 4 WHERE a = 4",
                 logged=True):
        assert check("settle moving 30000")["code"] == "data"


def test_beyond_its_cap_it_knows_less_exactly_and_misses_nothing(lab, proof):
    check = proof("cap=40000", is_passed=False)
    with lab.old.primary.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE blog.proof_rows SET n = n + 1")
        cursor.execute("UPDATE blog.proof_slugs SET n = n + 1")
        connection.commit()
    crowded = check.wait("the rows are in the set", lambda now: now["rows"] + now["ranges"] + now["tables"] > 0)
    assert crowded["bytes"] <= 40000, crowded
    done = check("pass")
    assert done["differences"] == [], done
    with spoiled(lab, "UPDATE blog.proof_rows SET t = 'spoiled' WHERE id = 2999",
                 "UPDATE blog.proof_rows SET t = 'row 2999' WHERE id = 2999", logged=False):
        touch(lab, "UPDATE blog.proof_rows SET n = n + 1")
        answer = check("settle moving 60000")
        assert keys(answer) == [("changed", "blog.proof_rows", "id=2999")], answer


def test_a_source_that_restarts_is_followed_again(lab, proof):
    check = proof()
    lab.old.primary.restart()
    wait_until(lambda: all(link.runs for link in lab.new.primary.links()), 60, "the link")
    lab.old.primary.query("UPDATE blog.proof_rows SET n = n + 1 WHERE id BETWEEN 50 AND 60; COMMIT")
    certified(check("settle moving 90000"))
    assert check("look")["covering"]
