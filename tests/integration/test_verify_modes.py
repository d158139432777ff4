# SPDX-License-Identifier: MIT
"""The ways to compare, each against the same planted differences, writers and missing privileges."""

import random
import signal
import subprocess

import pytest

from tests.integration import programs
from tests.integration.test_verify import PLANTED, Writers, found
from tests.integration.test_verify import lab as lab  # noqa: F401, the fixtures of these tests
from tests.integration.test_verify import unlogged as unlogged  # noqa: F401
from tests.integration.test_verify import verify as verify  # noqa: F401

MODES = ("remote", "fast")


@pytest.fixture
def one_series(lab):
    old, new = ([server.value("SELECT VERSION()").split(".")[:2]] for server in (lab.old.primary, lab.new.primary))
    if old != new:
        pytest.skip("checksums are compared within one series only")


@pytest.mark.parametrize("mode", MODES)
def test_equal_sides_have_no_difference_in_any_mode(lab, verify, mode):
    done = verify(lab, "old", "chunk=1700", f"mode={mode}")
    assert done["differences"] == []
    assert done["tables"]["blog.plain"]["rows"] == 3000
    assert done["tables"]["blog.no_key"]["rows"] == 3000
    is_mixed = mode == "fast" and lab.old.primary.kind.name != lab.new.primary.kind.name
    assert done["modes"]["stream" if is_mixed else mode] >= 6, done.answer


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_is_found_and_named_in_any_mode(lab, verify, unlogged, name, mode):
    do, back, expected = PLANTED[name]
    unlogged(do, back)
    outcome = verify(lab, "old", "chunk=1700", f"mode={mode}")
    if expected is None:
        assert [(d["kind"], d["table"], d["column"]) for d in outcome["differences"]] == [("changed", "blog.no_key", "b")]
    elif "collation" in name:
        assert [d["column"] for d in outcome["differences"]] in (["collation of u"], ["character set of u"])
    else:
        assert found(outcome) == sorted(expected)


@pytest.mark.parametrize("mode", ("stream", "remote", "fast"))
def test_a_border_between_two_texts_is_seen_where_the_certificate_says_so(lab, verify, unlogged, mode):
    """CHECKSUM TABLE adds up the bytes of texts without their lengths: docs/verify.md."""
    unlogged("UPDATE blog.plain SET t = 'text 7y', u = '' WHERE id = 7",
             "UPDATE blog.plain SET t = 'text 7', u = 'y' WHERE id = 7")
    seen = found(verify(lab, "old", "table=blog.plain", f"mode={mode}"))
    is_blind = mode == "fast" and lab.old.primary.kind.name == lab.new.primary.kind.name
    assert seen == ([] if is_blind else [("changed", "blog.plain", "id=7", "t")])


@pytest.mark.parametrize("mode", MODES)
def test_no_false_difference_in_any_mode_while_a_few_rows_are_hot(lab, verify, mode):
    with Writers(lab.old.primary) as writers:
        for _ in range(8):
            outcome = verify(lab, "old", "chunk=1500", "workers=2", f"mode={mode}")
            assert outcome["differences"] == []
    assert writers.count > 500


@pytest.mark.parametrize("mode", MODES)
def test_a_difference_among_hot_rows_is_found_in_any_mode(lab, verify, unlogged, mode):
    unlogged("UPDATE blog.hot SET t = 'lost' WHERE id = 20", "UPDATE blog.hot SET t = 'warm' WHERE id = 20")
    with Writers(lab.old.primary):
        for _ in range(3):
            assert found(verify(lab, "old", "chunk=1500", f"mode={mode}")) == [("changed", "blog.hot", "id=20", "t")]


def test_few_bytes_travel_when_the_servers_make_the_sums(lab, verify):
    def sent():
        return sum(int(server.value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
                                    " WHERE VARIABLE_NAME = 'Bytes_sent'") if server.kind.flavour == "mariadb" else
                       server.value("SELECT VARIABLE_VALUE FROM performance_schema.global_status"
                                    " WHERE VARIABLE_NAME = 'Bytes_sent'"))
                   for server in (lab.old.primary, lab.new.primary))

    lab.new.primary.query("DO 0")
    rows, spent = {}, {}
    for mode in ("stream", "remote"):
        before = sent()
        rows[mode] = verify(lab, "old", "table=blog.plain", "table=blog.hot", f"mode={mode}")["rows"]
        spent[mode] = sent() - before
    assert rows["remote"] == rows["stream"]
    assert spent["remote"] < spent["stream"] / 4, spent


def test_a_checksum_is_that_of_the_snapshot(lab):
    """What mode fast rests on: a row that is changed behind a snapshot does not move the checksum within it."""
    server = lab.old.primary
    server.query("CREATE TABLE blog.moved (id INT PRIMARY KEY, v INT); INSERT INTO blog.moved VALUES (1, 1), (2, 2)")
    try:
        with server.connect() as connection, connection.cursor() as cursor:
            def checksum():
                cursor.execute("CHECKSUM TABLE blog.moved EXTENDED")
                (row,) = cursor.fetchall()
                return row["Checksum"]

            before = checksum()
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            server.query("UPDATE blog.moved SET v = 7 WHERE id = 1; INSERT INTO blog.moved VALUES (3, 3)")
            assert checksum() == before
            cursor.execute("COMMIT")
            assert checksum() != before
    finally:
        server.query("DROP TABLE blog.moved")
        programs.caught_up(lab)


@pytest.mark.usefixtures("one_series")
def test_commits_are_held_for_a_moment_only(lab, verify):
    with Writers(lab.old.primary):
        outcomes = [verify(lab, "old", "mode=fast", "workers=2") for _ in range(5)]
    assert sum(outcome["snapshots"] for outcome in outcomes) >= 5, outcomes[0].answer
    longest = max(outcome["barrier_us"] for outcome in outcomes)
    print(f"commits were held for {longest / 1000:.1f} ms at most")
    assert longest < 500_000


@pytest.mark.usefixtures("one_series")
def test_without_the_privilege_to_hold_commits_rows_are_read_and_it_is_said(lab, verify):
    (account,) = lab.old.primary.query("SELECT host AS host FROM mysql.user WHERE user = 'cutover'")
    name = f"'cutover'@'{account['host']}'"
    lab.old.primary.query(f"REVOKE RELOAD ON *.* FROM {name}")
    try:
        outcome = verify(lab, "old", "mode=fast")
    finally:
        lab.old.primary.query(f"GRANT RELOAD ON *.* TO {name}")
    assert outcome["differences"] == []
    assert outcome["modes"]["fast"] == 0
    assert any("RELOAD" in warning for warning in outcome["warnings"]), outcome["warnings"]


@pytest.mark.usefixtures("one_series")
def test_a_death_within_the_barrier_holds_nobody_up(lab):
    program = programs.build("verify_check")
    chooser = random.Random(4)
    with lab.old.primary.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION lock_wait_timeout = 3, innodb_lock_wait_timeout = 3")
        for number in range(12):
            with subprocess.Popen([program, lab.cfg_path, "old", "mode=fast"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as running:
                try:
                    running.wait(timeout=chooser.uniform(0.05, 0.4))
                except subprocess.TimeoutExpired:
                    running.send_signal(signal.SIGKILL)
            cursor.execute(f"UPDATE blog.hot SET n = n + 1 WHERE id = {100 + number}")
    programs.caught_up(lab)


def test_the_links_may_go_both_ways_in_any_mode(lab, verify):
    programs.mirror(lab)
    for mode in MODES:
        with Writers(lab.old.primary, threads=2):
            for _ in range(3):
                assert verify(lab, "old", "chunk=1500", f"mode={mode}")["differences"] == []
