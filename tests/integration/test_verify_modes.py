# SPDX-License-Identifier: MIT
"""The ways to compare, each against the same planted differences, writers and missing privileges."""

import pytest

from tests.integration import programs
from tests.integration.test_verify import PLANTED, Writers, found
from tests.integration.test_verify import lab as lab  # noqa: F401, the fixtures of these tests
from tests.integration.test_verify import unlogged as unlogged  # noqa: F401
from tests.integration.test_verify import verify as verify  # noqa: F401

MODES = ("remote", "fast")


@pytest.mark.parametrize("mode", MODES)
def test_equal_sides_have_no_difference_in_any_mode(lab, verify, mode):
    done = verify(lab, "old", "chunk=1700", f"mode={mode}")
    assert done["differences"] == []
    assert done["tables"]["blog.plain"]["rows"] == 3000
    assert done["tables"]["blog.no_key"]["rows"] == 3000
    assert done["modes"][mode] >= 6, done.answer


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
    assert seen == ([] if mode == "fast" else [("changed", "blog.plain", "id=7", "t")])


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


def test_the_links_may_go_both_ways_in_any_mode(lab, verify):
    programs.mirror(lab)
    for mode in MODES:
        with Writers(lab.old.primary, threads=2):
            for _ in range(3):
                assert verify(lab, "old", "chunk=1500", f"mode={mode}")["differences"] == []
