# SPDX-License-Identifier: MIT
"""The statistics of the bench, with times made by hand."""

import array

import pytest

from . import gaps


def token(client, number):
    return client << 32 | number


def crowd(*lists):
    """Clients 1, 2, ... with (ms, side) of each acknowledged write."""
    writes = gaps.Writes()
    writes.add((ms * 1000, token(client, number), side)
               for client, writes_ in enumerate(lists, start=1) for number, (ms, side) in enumerate(writes_, start=1))
    return writes


# Both stop at 20 and 21; the first of them is back at 26, the second at 60.
PAUSED = crowd([(0, 0), (10, 0), (20, 0), (26, 1), (40, 1), (70, 1)], [(1, 0), (11, 0), (21, 0), (60, 1), (71, 1)])


def test_a_gap_is_between_two_writes_of_anybody_and_a_stall_between_two_of_one():
    assert PAUSED.longest_gap(15_000, 30_000) == gaps.Gap(26_000, 40_000)
    assert PAUSED.longest_gap(20_500, 25_000) == gaps.Gap(21_000, 26_000)
    assert PAUSED.longest_stall(15_000, 25_000).ms == 39


def test_a_gap_that_reaches_into_the_window_counts_as_a_whole():
    assert PAUSED.longest_gap(24_000, 25_000) == gaps.Gap(21_000, 26_000)
    assert PAUSED.longest_gap(21_000, 26_000) == gaps.Gap(21_000, 26_000)
    assert PAUSED.longest_gap(5_000, 6_000).ms == 9


def test_a_gap_whose_end_nobody_saw_is_no_answer():
    assert PAUSED.longest_gap(-5_000, 5_000) is None
    assert PAUSED.longest_gap(15_000, 72_000) is None
    assert PAUSED.longest_stall(15_000, 70_500) is None
    assert gaps.Writes().longest_gap(0, 1) is None
    assert gaps.Writes().longest_stall(0, 1) is None


def test_a_switch_is_from_the_last_write_on_one_side_to_the_first_on_the_other():
    assert PAUSED.switch(0, 70_000, gaps.NEW) == gaps.Gap(21_000, 26_000)
    assert PAUSED.switch(0, 70_000, gaps.OLD) is None
    assert PAUSED.switch(0, 20_000, gaps.NEW) is None
    there_and_back = crowd([(0, 0), (10, 1), (20, 0), (30, 1)])
    assert there_and_back.switch(0, 30_000, gaps.NEW) is None


def test_takes_that_overlap_by_a_moment_are_put_in_order():
    writes = crowd([(0, 0), (10, 0)], [(3, 0)])
    writes.add([(9_000, token(2, 2), gaps.OLD), (12_000, token(1, 3), gaps.NEW), (13_000, token(2, 3), gaps.NEW)])
    assert writes.longest_gap(3_000, 12_000) == gaps.Gap(3_000, 9_000)
    assert writes.switch(0, 13_000, gaps.NEW) == gaps.Gap(10_000, 12_000)
    assert writes.rate(0, 13_000) == pytest.approx(6 / 0.013)


def test_percentiles_are_values_that_were_seen():
    values = list(range(1, 31))
    assert gaps.percentile(values, 95) == 29
    assert gaps.percentile(values, 50) == 15
    assert gaps.percentile(values, 100) == 30
    assert gaps.percentile([7], 95) == 7
    assert gaps.Spread.of(values) == gaps.Spread(30, 1, 15.5, 29, 30)


def test_a_forecast_is_right_within_the_factor_both_ways():
    assert gaps.share_within([(10, 5), (10, 20), (10, 4.9), (10, 20.1)], 2) == 0.5
    assert gaps.share_within([], 2) is None


def test_the_ledger_tells_lost_doubled_and_unasked_writes_from_each_other():
    writes = crowd([(0, 0), (10, 0), (20, 0)])
    writes.add([(30_000, token(1, 9), gaps.LOST)])
    one, two, three, lost, refused = (token(1, n) for n in (1, 2, 3, 9, 10))
    assert gaps.judge(writes, [one, two, three]).is_clean
    assert gaps.judge(writes, [one, two, three, lost]).is_clean
    assert gaps.judge(writes, [one, three]) == gaps.Verdict({two}, set(), set())
    assert gaps.judge(writes, [one, two, two, three]) == gaps.Verdict(set(), {two}, set())
    assert gaps.judge(writes, [one, two, three, lost, lost]) == gaps.Verdict(set(), {lost}, set())
    assert gaps.judge(writes, [one, two, three, refused]) == gaps.Verdict(set(), set(), {refused})


def test_what_the_client_writes_is_read_as_it_wrote_it(tmp_path):

    path = tmp_path / "writes.bin"
    path.write_bytes(array.array("q", [5_000, token(1, 1), gaps.OLD, 7_000, token(1, 2), gaps.LOST,
                                       9_000, token(1, 3), gaps.NEW]).tobytes())
    writes = gaps.Writes()
    writes.read(path)
    assert len(writes) == 2 and writes.lost == {token(1, 2)}
    assert writes.longest_gap(5_000, 9_000).ms == 4
