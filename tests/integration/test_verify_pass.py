# SPDX-License-Identifier: MIT
"""A whole pass of `cutover verify` against real servers: spans, pausing, being killed, servers that restart, ALTER TABLE."""

import contextlib
import json
import signal
import subprocess

import pytest

from tests.integration import programs
from tests.integration.test_verify import NUMBERS, found
from tests.lab import lab as labs
from tests.lab.lab import Lab
from tests.lab.procs import LabError, wait_until

ROWS = 48000
TABLES = """
CREATE TABLE blog.many (id INT PRIMARY KEY, v VARCHAR(100));
CREATE TABLE blog.names (lang VARCHAR(20) COLLATE utf8mb4_general_ci, slug VARCHAR(40) COLLATE utf8mb4_unicode_ci,
                         v INT, PRIMARY KEY (lang, slug));
CREATE TABLE blog.sparse (id BIGINT PRIMARY KEY, v INT);
"""
DATA = """
INSERT INTO blog.many SELECT seq, REPEAT(CHAR(65 + seq % 26), 100) FROM blog_seq;
INSERT INTO blog.names SELECT ELT(1 + seq % 5, 'de', 'Ärger', 'fr', 'straße', '日本'), CONCAT('slug, %', seq), seq FROM blog_seq;
INSERT INTO blog.sparse SELECT seq * seq * 1000 - 5000000, seq FROM blog_seq;
""" + "".join(f"INSERT INTO blog.many SELECT id + {3000 << step}, v FROM blog.many;" for step in range(4)) + """
ANALYZE TABLE blog.many, blog.names, blog.sparse;
"""
SLOW = {"chunk": "4ms", "duty": 2, "workers": 1}  # many small chunks with long rests
DONE, REFUSED, ABORTED, BUSY = 0, 3, 6, 7


@pytest.fixture(scope="module")
def verify():
    program = programs.build("verify_check")
    return lambda lab, *args: programs.run(program, lab.cfg_path, "old", *args)


@pytest.fixture(scope="module")
def lab():
    seed = programs.build("seed_check")
    with Lab(mb=2, replicas=0, dns=False, cloudflare=False, site=False) as lab:
        lab.old.primary.query("USE blog;" + NUMBERS + TABLES + DATA)
        programs.follow(lab, programs.run(seed, lab.cfg_path, "copy", "old")["position"])
        lab.slow = lab.config.variant("slow", lambda c: c.update(verify=SLOW))
        yield lab


@contextlib.contextmanager
def unlogged(lab, do, back):
    """Change NEW behind replication's back for a while."""
    lab.new.primary.query("SET sql_log_bin = 0; " + do)
    try:
        yield
    finally:
        lab.new.primary.query("SET sql_log_bin = 0; " + back)


class Running:
    """`cutover verify` under way; its progress lines are in a file."""

    def __init__(self, lab, *args):
        self.lab = lab
        self.log = lab.root / "verify.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([labs.CUTOVER, "-c", lab.slow, "verify", "--json", *args], stdout=subprocess.PIPE,
                                            stderr=log, stdin=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def compared(self):
        """Rows that the journal has of the pass under way."""
        status = self.lab.cutover("status", "--json")
        assert status.returncode == 0, status.stderr
        known = json.loads(status.stdout)["pass"]
        return known["rows"] if known and not known["is_complete"] else 0

    def wait_for(self, rows):
        """It rests many times as long as a chunk took: on a machine with other work that may be a minute."""
        try:
            wait_until(lambda: self.process.poll() is not None or self.compared() >= rows, 120, f"{rows} rows compared")
        except LabError as late:
            raise AssertionError(f"{late}\n{self.said()}") from late
        assert self.process.poll() is None, self.said()

    def said(self):
        return self.log.read_text(encoding="utf-8")

    def end(self, code=DONE, timeout=180):
        out, _ = self.process.communicate(timeout=timeout)
        assert self.process.returncode == code, (out, self.said())
        return json.loads(out) if out else None


# --- spans ---

@pytest.mark.parametrize("workers", (1, 3))
def test_all_rows_are_in_exactly_one_span(lab, verify, workers):
    cut = verify(lab, "span=400", f"workers={workers}")
    assert cut["differences"] == []
    assert {name: cut["tables"][f"blog.{name}"]["rows"] for name in ("many", "names", "sparse")} == {
        "many": ROWS, "names": 3000, "sparse": 3000}
    assert cut["chunks"] > 120  # 48,000 rows in spans of 400


@pytest.mark.parametrize("table, key", (("many", "id"), ("names", "v"), ("sparse", "v")))
def test_differences_are_told_once_wherever_a_span_ends(lab, verify, table, key):
    """Every third row: so also first and last rows of spans, and those beside them."""
    count = lab.old.primary.query(f"SELECT COUNT(*) AS n FROM blog.{table} WHERE {key} % 3 = 0 AND {key} <= 2400")[0]["n"]
    change = {"many": ("v = CONCAT('x', SUBSTR(v, 2))", "v = CONCAT(SUBSTR(v, 2, 1), SUBSTR(v, 2))"),
              "names": ("v = -v", "v = -v"), "sparse": ("v = -v", "v = -v")}[table]
    do, back = (f"UPDATE blog.{table} SET {how} WHERE ABS({key}) % 3 = 0 AND ABS({key}) <= 2400" for how in change)
    with unlogged(lab, do, back):
        outcome = verify(lab, f"table=blog.{table}", "span=100", "workers=3")
    assert outcome["difference_count"] == count
    keys = [difference["key"] for difference in outcome["differences"]]
    assert len(set(keys)) == len(keys) == count
    assert verify(lab, f"table=blog.{table}", "span=100")["differences"] == []


def test_rows_that_one_side_has_beyond_all_spans_are_found(lab, verify):
    with unlogged(lab, "INSERT INTO blog.sparse VALUES (-9000000, 0), (99000000000000, 0); DELETE FROM blog.sparse WHERE v = 1500",
                  "DELETE FROM blog.sparse WHERE v = 0; INSERT INTO blog.sparse VALUES (1500 * 1500 * 1000 - 5000000, 1500)"):
        outcome = verify(lab, "table=blog.sparse", "span=100", "workers=2")
    assert found(outcome) == [("extra", "blog.sparse", "id=-9000000", ""), ("extra", "blog.sparse", "id=99000000000000", ""),
                              ("missing", "blog.sparse", "id=2245000000", "")]


# --- interrupted ---

def rows_read(server):
    """Steps along an index of the tables' order, which is how chunks are read."""
    return int(server.query("SHOW GLOBAL STATUS LIKE 'Handler_read_next'")[0]["Value"])


def test_what_was_compared_before_a_kill_is_not_read_again(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(ROWS // 2)
        running.process.send_signal(signal.SIGKILL)
    done = running.compared()
    before = rows_read(lab.old.primary)
    again = lab.cutover("verify", "--json")
    read = rows_read(lab.old.primary) - before
    result = json.loads(again.stdout)
    assert again.returncode == DONE and "going on with the comparison" in again.stderr
    assert result["is_equal"] and result["rows"] > ROWS + 6000
    assert read < result["rows"] - done + 3000, (read, result["rows"], done)
    assert "going on" not in lab.cutover("verify", "--json").stderr  # it was complete


def test_what_was_written_while_nobody_compared_is_in_the_certificate(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(ROWS // 2)
        running.process.send_signal(signal.SIGKILL)
    lab.old.primary.query("UPDATE blog.many SET v = CONCAT('later ', id) WHERE id BETWEEN 101 AND 150; COMMIT")
    again = lab.cutover("verify", "--json")
    assert again.returncode == DONE and "going on with the comparison" in again.stderr, again.stderr
    certificate = json.loads(again.stdout)["certificate"]
    assert certificate["rows_reproven"] >= 50, certificate


def test_two_comparisons_at_once_are_refused(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(2000)
        second = lab.cutover("verify")
        assert second.returncode == BUSY and "compares the data" in second.stderr, second.stderr
        running.process.send_signal(signal.SIGINT)
        running.end(ABORTED)


def test_a_kill_between_spans_and_within_one_loses_no_difference(lab):
    with unlogged(lab, "UPDATE blog.many SET v = 'lost' WHERE id IN (1, 47999)",
                  "UPDATE blog.many SET v = REPEAT(CHAR(65 + ((id - 1) % 3000 + 1) % 26), 100) WHERE v = 'lost'"):
        with Running(lab, "--restart") as running:
            running.wait_for(ROWS // 2)
            running.process.send_signal(signal.SIGKILL)
        again = lab.cutover("verify", "--json")
    assert again.returncode == REFUSED and "going on with the comparison" in again.stderr, again.stderr
    assert sorted(difference["key"] for difference in json.loads(again.stdout)["differences"]) == ["id=1", "id=47999"]


def test_ctrl_c_ends_within_a_second_and_says_how_to_go_on(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(5000)
        running.process.send_signal(signal.SIGINT)
        running.end(ABORTED, timeout=2)
        assert '"cutover verify" with the same options goes on from there' in " ".join(running.said().split())
    assert "going on" in lab.cutover("verify", "--json").stderr


def test_other_tables_and_a_restart_begin_anew(lab):
    with Running(lab, "--restart", "--table", "blog.many") as running:
        wait_until(lambda: "rows" in running.said(), 30, "progress")
        running.process.send_signal(signal.SIGKILL)
    assert "going on" not in lab.cutover("verify", "--json", "--table", "blog.names").stderr
    assert "going on" not in lab.cutover("verify", "--json", "--restart", "--table", "blog.many").stderr


# --- pausing ---

def test_a_pause_holds_a_comparison_until_it_is_resumed(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(5000)
        assert lab.cutover("verify", "pause").returncode == DONE
        wait_until(lambda: "waiting: paused" in running.said(), 30, "a paused comparison")
        rows = running.compared()
        wait_until(lambda: running.said().count("waiting: paused") > 0 and running.compared() == rows, 30, "no rows")
        assert lab.cutover("verify", "resume").returncode == DONE
        assert running.end()["is_equal"]
    programs.caught_up(lab)


def test_a_row_on_the_replica_pauses_too(lab):
    lab.cutover("verify", "resume")  # makes the table
    programs.caught_up(lab)
    with unlogged(lab, "INSERT INTO cutover.verify_pause (asked_by) VALUES ('a person')", "DELETE FROM cutover.verify_pause"):
        with Running(lab, "--restart") as running:
            wait_until(lambda: "waiting: paused" in running.said(), 30, "a paused comparison")
            lab.new.primary.query("SET sql_log_bin = 0; DELETE FROM cutover.verify_pause")
            assert running.end()["is_equal"]


# --- servers and definitions ---

@pytest.mark.parametrize("side", ("old", "new"))
def test_a_server_that_restarts_is_waited_for(lab, side):
    server = {"old": lab.old, "new": lab.new}[side].primary
    with Running(lab, "--restart") as running:
        running.wait_for(5000)
        server.kill9()
        server.start()
        if side == "old":  # it reads read_only from my.cnf, as in real life
            server.query("SET GLOBAL read_only = 0")
        result = running.end()
        assert result["is_equal"] and result["rows"] >= ROWS + 6000
    programs.caught_up(lab)


def test_killed_sessions_are_opened_again(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(5000)
        for server in (lab.old.primary, lab.new.primary):
            for row in server.query("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'cutover'"):
                with contextlib.suppress(Exception):  # it may be gone by itself
                    server.query(f"KILL {row['ID']}")
        assert running.end()["is_equal"]


def test_a_table_that_is_altered_meanwhile_is_compared_as_it_became(lab):
    try:
        with Running(lab, "--restart") as running:
            running.wait_for(5000)
            lab.old.primary.query("ALTER TABLE blog.many ADD COLUMN extra INT NOT NULL DEFAULT 7")
            lab.old.primary.query("CREATE TABLE blog.late (id INT PRIMARY KEY); INSERT INTO blog.late VALUES (1), (2)")
            programs.caught_up(lab)
            lab.new.primary.query("SET sql_log_bin = 0; UPDATE blog.many SET extra = 8 WHERE id = 5;"
                                  "DELETE FROM blog.late WHERE id = 2")
            result = running.end(REFUSED)
        assert sorted((d["kind"], d["table"], d["key"], d["column"]) for d in result["differences"]) == [
            ("changed", "blog.many", "id=5", "extra"), ("missing", "blog.late", "id=2", "")]
    finally:
        lab.old.primary.query("ALTER TABLE blog.many DROP COLUMN extra; DROP TABLE blog.late")
        programs.caught_up(lab)


def test_a_table_that_is_dropped_meanwhile_is_no_failure(lab):
    lab.old.primary.query("CREATE TABLE blog.gone LIKE blog.many; INSERT INTO blog.gone SELECT * FROM blog.many;"
                          "ANALYZE TABLE blog.gone")
    programs.caught_up(lab)
    with Running(lab, "--restart") as running:
        running.wait_for(5000)
        lab.old.primary.query("DROP TABLE blog.gone")
        result = running.end()
    assert result["is_equal"] and result["rows"] < 2 * ROWS
    programs.caught_up(lab)


def test_a_table_that_is_altered_on_one_side_is_a_schema_difference(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(5000)
        lab.new.primary.query("SET sql_log_bin = 0; ALTER TABLE blog.many MODIFY v VARCHAR(120)")
        result = running.end(REFUSED)
    lab.new.primary.query("SET sql_log_bin = 0; ALTER TABLE blog.many MODIFY v VARCHAR(100)")
    assert [(d["kind"], d["table"], d["column"]) for d in result["differences"]] == [("schema", "blog.many", "type of v")]


def test_status_tells_how_far_a_comparison_is(lab):
    with Running(lab, "--restart") as running:
        running.wait_for(5000)
        status = json.loads(lab.cutover("status", "--json").stdout)["pass"]
        assert status["is_complete"] is False and status["spans"] >= 1 and status["age_ms"] < 5000
        assert "spans done" in lab.cutover("status").stdout
        running.end()
    status = json.loads(lab.cutover("status", "--json").stdout)["pass"]
    assert status["is_complete"] and status["spans"] == status["spans_done"]
