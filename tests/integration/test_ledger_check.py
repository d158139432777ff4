# SPDX-License-Identifier: MIT
"""The judge of the soak (tests/lab/ledger_check.py) on ledgers made by hand: for each law one that breaks it, and the
same without the fault. No servers."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import ledger_check
from tests.lab.ledger_check import CannotJudge, judge


class Story:
    """A ledger and the tables of two servers, written a line at a time. A write takes 1 s, the next event comes 1 s later."""

    def __init__(self, mode="fenced"):
        self.lines, self.rows, self.counters = [], {"old1": [], "new1": []}, {"old1": {}, "new1": {}}
        self.now, self._n = 0.0, 0
        self.mode(mode)

    def add(self, **line):
        self.lines.append(json.dumps(line) + "\n")
        return self

    def mode(self, mode):
        return self.add(event="mode", mode=mode, at=self.now)

    def write(self, key, value="text", *, op="insert", outcome="acknowledged", side="old", on=("old1", "new1"), times=1,
              session="w1"):
        """`on`: the servers that have it at the end; `times`: how often they do."""
        self._n += 1
        self.add(event="sent", n=self._n, session=session, op=op, key=key, value=value, side=side, at=self.now + 1)
        if outcome:
            self.add(event="ended", n=self._n, outcome=outcome, at=self.now + 2)
        self.now += 2
        for server in on:
            row = key if op == "insert" else f"{key}#{value}"
            self.rows[server] += [[100 * self._n + i, row, str(value)] for i in range(times)]
            if op == "step":
                self.counters[server][key] = value
        return self

    def step(self, key, value, **details):
        return self.write(key, value, op="step", **details)

    def read(self, key, saw, *, side="old", what="counter", is_open=True, session="w1", after_s=1.0):
        self.now += after_s
        return self.add(event="read", session=session, what=what, key=key, saw=saw, side=side, is_open=is_open,
                        sent=self.now, at=self.now + 0.1)

    def announced(self, delay_ms, begins=0.0, ends=1e9):
        return self.add(event="announced", begins=begins, ends=ends, delay_ms=delay_ms)

    def tables(self):
        return {server: [*(json.dumps({"row": row}) + "\n" for row in self.rows[server]),
                         *(json.dumps({"counter": item}) + "\n" for item in self.counters[server].items())]
                for server in self.rows}

    def verdict(self):
        return judge(self.lines, self.tables())

    def breaks(self, *laws):
        verdict = self.verdict()
        assert set(verdict.broken) == set(laws), verdict.findings
        return verdict


def test_a_story_in_which_all_promises_were_kept_breaks_no_law():
    verdict = (Story().write("a").step("c", 1).step("c", 2).read("c", 2).read("a", 1, what="row")
               .write("b", outcome="refused", on=()).write("d", side="new").step("c", 3, side="new").breaks())
    assert verdict.is_kept
    assert verdict.as_dict()["acknowledged"] == 5 and verdict.writes["refused"] == 1 and verdict.reads == 2


@pytest.mark.parametrize("on", [(), ("old1",), ("new1",)])
def test_an_acknowledged_write_that_a_server_does_not_have_is_lost(on):
    verdict = Story().write("a").write("b", on=on).verdict()
    assert verdict.broken["lost"] == 2 - len(on)
    assert "b, acknowledged by old to w1, is not on" in verdict.findings[0] and "line 4" in verdict.findings[0]
    assert ("sides-differ" in verdict.broken) == (len(on) == 1)


def test_a_write_that_is_there_twice_is_doubled():
    assert "2 times on old1" in Story().write("a", times=2).breaks("doubled").findings[0]


def test_an_ambiguous_write_may_be_there_or_not_and_is_listed():
    verdict = Story().write("a", outcome="ambiguous").write("b", outcome="ambiguous", on=()).breaks()
    assert verdict.ambiguous_there == ["a"] and verdict.ambiguous_absent == ["b"] and verdict.writes["ambiguous"] == 2


def test_an_ambiguous_write_is_never_there_twice():
    Story().write("a", outcome="ambiguous", times=2).breaks("doubled")


def test_an_ambiguous_write_is_there_on_all_servers_or_on_none():
    Story().write("a", outcome="ambiguous", on=("new1",)).breaks("sides-differ")


def test_a_write_that_was_sent_and_never_ended_is_ambiguous():
    verdict = Story().write("a", outcome=None, on=()).breaks()
    assert verdict.never_ended == 1 and verdict.ambiguous_absent == ["a"]


def test_a_refused_write_that_is_there_after_all_is_resurrected():
    Story().write("a", outcome="refused").breaks("resurrected")


def test_a_refused_write_may_be_sent_again_and_is_there_once():
    Story().step("c", 1, outcome="refused", on=()).step("c", 1, side="new").breaks()
    Story().step("c", 1, outcome="refused").step("c", 1).breaks("doubled")


@pytest.mark.parametrize("outcome", ["acknowledged", "ambiguous"])
def test_a_crowd_that_sends_anything_else_again_is_not_judged(outcome):
    with pytest.raises(CannotJudge, match="written again"):
        Story().write("a", outcome=outcome).write("a", on=()).verdict()


def test_a_row_with_another_value_is_altered():
    story = Story().write("a", "what was written")
    for rows in story.rows.values():
        rows[0][2] = "what was not"
    story.breaks("altered")


def test_a_row_and_a_counter_that_nobody_wrote_are_foreign():
    story = Story().write("a")
    for server in story.rows:
        story.rows[server].append([9, "b", "text"])
        story.counters[server]["c"] = 1
    assert story.breaks("foreign").broken["foreign"] == 4


def test_a_row_with_another_id_on_another_server_makes_the_sides_differ():
    story = Story().write("a")
    story.rows["new1"][0][0] += 1
    story.breaks("sides-differ")


def test_a_counter_that_is_behind_what_was_acknowledged_is_lost():
    story = Story().step("c", 1).step("c", 2)
    for server in story.counters:
        story.counters[server]["c"] = 1
    story.breaks("lost", "torn")


def test_a_counter_that_is_ahead_of_what_anybody_wrote_is_altered():
    story = Story().step("c", 1)
    for server in story.counters:
        story.counters[server]["c"] = 2
    story.breaks("altered", "torn")


def test_a_counter_may_be_ahead_by_an_ambiguous_step_with_its_row():
    assert Story().step("c", 1).step("c", 2, outcome="ambiguous").breaks().ambiguous_there == ["c#2"]


def test_a_transaction_of_which_only_the_row_is_there_is_torn():
    story = Story().step("c", 1).step("c", 2, outcome="ambiguous")
    for server in story.counters:
        story.counters[server]["c"] = 1
    story.breaks("torn")


def test_a_read_that_goes_back_behind_the_sessions_own_write_is_found():
    verdict = Story().step("c", 1).step("c", 2).read("c", 1).breaks("went-back")
    assert "saw 1 as counter c on old, where 2 was known on old" in verdict.findings[0] and "line 6" in verdict.findings[0]


def test_a_row_of_ones_own_that_is_not_seen_is_a_read_that_goes_back():
    Story().write("a").read("a", 0, what="row").breaks("went-back")


def test_a_read_that_goes_back_behind_what_another_session_was_promised_is_found():
    Story().step("c", 1).read("c", None, session="w2").breaks("went-back")


def test_a_read_that_was_sent_before_the_write_was_acknowledged_may_see_either():
    story = Story().step("c", 1)
    story.read("c", None, session="w2", after_s=-0.5).breaks()


def test_what_was_seen_once_is_not_unseen_although_its_write_is_ambiguous():
    Story().step("c", 1, outcome="ambiguous").read("c", 1).read("c", 0, session="w2").breaks("went-back")


def test_in_fenced_mode_the_other_side_is_not_behind():
    Story().step("c", 1).announced(None).read("c", 0, side="new").breaks("went-back")


def test_a_closed_side_may_be_behind_and_that_is_counted():
    assert Story().step("c", 1).read("c", 0, side="new", is_open=False).breaks().behind_on_a_closed_side == 1


@pytest.mark.parametrize(("delay_ms", "is_kept"), [(None, True), (1500, True), (500, False)])
def test_in_shared_mode_the_other_side_may_be_behind_by_what_was_announced(delay_ms, is_kept):
    verdict = Story("shared").step("c", 1).read("c", 0, side="new").announced(delay_ms).verdict()
    assert verdict.is_kept == is_kept and verdict.behind_as_announced == is_kept
    assert set(verdict.broken) == (set() if is_kept else {"went-back"})


def test_in_shared_mode_without_an_announcement_no_side_may_be_behind():
    Story("shared").step("c", 1).read("c", 0, side="new").breaks("went-back")
    Story("shared").step("c", 1).read("c", 0, side="new").announced(None, begins=0, ends=1).breaks("went-back")


def test_in_shared_mode_a_side_is_never_behind_its_own_writes():
    Story("shared").step("c", 1).read("c", 0, side="old").announced(None).breaks("went-back")


def test_a_read_of_what_nobody_wrote_is_invented():
    Story().step("c", 1).read("c", 2).breaks("invented")


def test_a_read_that_sees_a_row_twice_sees_it_doubled():
    Story().write("a").read("a", 2, what="row").breaks("doubled")


def test_two_writers_within_one_fenced_crossing_are_found():
    verdict = Story().write("a").write("b", side="new").write("c").breaks("two-writers")
    assert "old acknowledged c" in verdict.findings[0]


def took_over_and_died():
    """NEW has taken a write, and was found closed after that."""
    return Story().write("a").write("b", side="new").read("b", 1, what="row", side="new", is_open=False)


def test_a_side_that_was_left_may_write_again_once_the_other_one_has_closed_and_that_is_counted():
    verdict = took_over_and_died().write("c").write("d").write("e", side="new").breaks()
    assert verdict.handed_back == [6.0]


def test_who_was_handed_back_is_left_again_in_the_same_crossing():
    verdict = took_over_and_died().write("c").write("d", side="new").write("e").breaks("two-writers")
    assert len(verdict.handed_back) == 1 and "old acknowledged e" in verdict.findings[0]


def test_who_was_closed_before_its_last_write_is_open():
    took_over_and_died().write("c", side="new").write("d").breaks("two-writers")


def test_who_is_found_closed_only_after_the_other_one_wrote_was_open():
    (Story().write("a").write("b", side="new").write("c").read("b", 1, what="row", side="new", is_open=False)
     .breaks("two-writers"))


def test_a_refused_write_does_not_prove_that_a_side_has_closed():
    Story().write("a").write("b", side="new").write("x", side="new", outcome="refused", on=()).write("c").breaks("two-writers")


def test_who_was_found_closed_in_an_earlier_crossing_may_be_open_now():
    took_over_and_died().mode("fenced").write("c").write("d", side="new").write("e").breaks("two-writers")


def test_two_writers_are_what_shared_mode_is_for():
    Story("shared").write("a").write("b", side="new").write("c").breaks()


def test_a_second_crossing_leads_back():
    Story().write("a").write("b", side="new").mode("fenced").write("c", side="new").write("d").breaks()


def test_a_write_that_was_under_way_when_the_other_side_took_over_is_no_second_writer():
    story = Story().write("a")
    story.add(event="sent", n=50, session="w2", op="insert", key="b", value="v", side="old", at=story.now)
    story.write("c", side="new")
    story.add(event="ended", n=50, outcome="acknowledged", at=story.now)
    for server in story.rows:
        story.rows[server].append([7, "b", "v"])
    story.breaks()


def test_a_last_line_cut_short_is_left_out_and_said():
    story = Story().write("a")
    story.lines[-1] = story.lines[-1][:20]
    verdict = story.breaks()
    assert verdict.is_last_line_torn and verdict.never_ended == 1 and verdict.ambiguous_there == ["a"]


@pytest.mark.parametrize("bad", ['{"event": "sent", "n": 9\n', "[]\n", '{"event": "ended", "n": 9, "outcome": "refused", "at": 1}\n',
                                 '{"event": "sent", "n": 9}\n', '{"event": "mode", "mode": "open", "at": 1}\n'])
def test_a_ledger_with_a_line_that_cannot_be_understood_is_not_judged(bad):
    story = Story()
    story.lines.append(bad)
    with pytest.raises(CannotJudge, match="line 2"):
        story.verdict()


def test_without_tables_nothing_is_judged():
    with pytest.raises(CannotJudge):
        judge(Story().write("a").lines, {})
    with pytest.raises(CannotJudge):
        judge(Story().write("a").lines, {"old1": ['{"row": [1, "a"]}\n']})


@pytest.mark.parametrize(("on", "code"), [(("old1", "new1"), 0), (("old1",), 1), (None, 2)])
def test_as_a_program_it_tells_its_verdict_by_its_exit_code(tmp_path, on, code):
    story = Story().write("a", on=on or ())
    (tmp_path / "ledger").write_text("".join(story.lines))
    words = []
    for server, lines in story.tables().items():
        (tmp_path / server).write_text("".join(lines))
        words.append(f"{server}={tmp_path / server}")
    done = subprocess.run([sys.executable, ledger_check.__file__, tmp_path / "ledger", *(words if on else [])], check=False,
                          capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    if on:
        assert json.loads(done.stdout)["is_kept"] == (code == 0)


def test_it_shares_no_code_with_what_it_judges():
    tree = ast.parse(Path(ledger_check.__file__).read_text(encoding="utf-8"))
    imports = [getattr(node, "module", None) or node.names[0].name for node in ast.walk(tree)
               if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert set(imports) <= sys.stdlib_module_names and "json" in imports
