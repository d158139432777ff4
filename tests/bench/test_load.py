# SPDX-License-Identifier: MIT
"""A guest's window is compared with what the writers reached just before and just behind it."""

from types import SimpleNamespace

import pytest

from . import load


def window(tps, p99_ms=1.0):
    return load.Window(tps=tps, p99_ms=p99_ms, worst_ms=0, guest_longest_ms=0, writers_longest_ms=0, guest_statement="", guest_rows=0)


def run(windows, guests):
    """One round in which the windows come in this order; the names are of those who were at work."""
    order = iter(windows)
    found = {name: [] for name in (load.NONE, *guests)}
    asked = []

    def next_window(guest):
        asked.append(guest.name)
        return next(order)

    load._round(next_window, SimpleNamespace(name=load.NONE), [SimpleNamespace(name=name) for name in guests], found)
    return asked, found


def test_every_guest_stands_between_two_windows_of_the_writers_alone():
    asked, found = run([window(tps) for tps in (100, 90, 120, 50, 80)], ["a", "b"])
    assert asked == [load.NONE, "a", load.NONE, "b", load.NONE]
    assert [seen.tps for seen in found[load.NONE]] == [100, 120, 80]
    assert found["a"][0].alone_tps == 110 and found["b"][0].alone_tps == 100


def test_a_machine_that_becomes_slower_is_not_held_against_the_guest():
    """It falls from 1000 to 500 within the round; the guest takes a tenth of what there is at its time."""
    _, found = run([window(1000), window(0.9 * 750), window(500)], ["gentle"])
    loads = {"closed": {"gentle": [vars(seen) for seen in found["gentle"]]}}
    lost = next(aim for aim in load.aims(loads) if aim.name.startswith("writes lost"))
    assert lost.value == pytest.approx(10)


def test_without_windows_nothing_is_said_about_writes():
    assert all(aim.value is None and aim.is_met is None for aim in load.aims({}))
