# SPDX-License-Identifier: MIT
"""From the times of acknowledged writes to pauses, as the clients saw them.

A pause is never cut at the edges of what is asked about: one that reaches into a window counts as a whole, because that
is what somebody had to wait.
"""

import array
import bisect
import math
import statistics
from dataclasses import dataclass

OLD, NEW, LOST = 0, 1, 2  # what a record of pause_client says: acknowledged by OLD, by NEW, answer lost
SIDES = {"old": OLD, "new": NEW}
_CLIENT_SHIFT = 32        # a token's upper half is the client's number


@dataclass(frozen=True)
class Gap:
    """Nobody was told "done" between these two times (microseconds)."""

    began_us: int
    ended_us: int

    @property
    def ms(self):
        return (self.ended_us - self.began_us) / 1000


class Writes:
    """What a crowd of clients was told, in order of time; grows by add()."""

    def __init__(self):
        self.acknowledged = set()  # tokens
        self.lost = set()          # tokens whose answer was lost
        self.doubled = set()       # tokens acknowledged twice: the client is wrong
        self._times = []
        self._sides = []
        self._by_client = {}       # {client: [times]}

    def __len__(self):
        return len(self._times)

    def read(self, path):
        """Take in a file that pause_client wrote."""
        numbers = array.array("q")
        numbers.frombytes(path.read_bytes())
        self.add(zip(numbers[0::3], numbers[1::3], numbers[2::3]))

    def add(self, records):
        """Take in (time, token, what), all of them later than those before or at least not much earlier."""
        fresh = sorted(records)
        for at_us, token, what in fresh:
            if what == LOST:
                self.lost.add(token)
                continue
            (self.doubled if token in self.acknowledged else self.acknowledged).add(token)
            self._times.append(at_us)
            self._sides.append(what)
            self._by_client.setdefault(token >> _CLIENT_SHIFT, []).append(at_us)
        if fresh and self._times != sorted(self._times):  # takes of two threads may overlap by a moment
            order = sorted(range(len(self._times)), key=self._times.__getitem__)
            self._times = [self._times[i] for i in order]
            self._sides = [self._sides[i] for i in order]
            for times in self._by_client.values():
                times.sort()

    def longest_gap(self, begin_us, end_us):
        """The longest time without any write that reaches into the window; None when it cannot be told."""
        return _longest(self._times, begin_us, end_us)

    def longest_stall(self, begin_us, end_us):
        """The longest time in which one client, whichever, had no write; None when it cannot be told."""
        stalls = [_longest(times, begin_us, end_us) for times in self._by_client.values()]
        return max(stalls, key=lambda gap: gap.ms) if stalls and None not in stalls else None

    def switch(self, begin_us, end_us, to):
        """From the last write on the side that was left to the first one on side `to`, within the window; None when
        there was not exactly one change of sides: then two sides took writes, or none did."""
        low, high = bisect.bisect_left(self._times, begin_us), bisect.bisect_right(self._times, end_us)
        changes = [i for i in range(low + 1, high) if self._sides[i] != self._sides[i - 1]]
        if len(changes) != 1 or self._sides[changes[0]] != to:
            return None
        return Gap(self._times[changes[0] - 1], self._times[changes[0]])

    def rate(self, begin_us, end_us):
        """Writes a second in the window."""
        count = bisect.bisect_right(self._times, end_us) - bisect.bisect_left(self._times, begin_us)
        return count * 1e6 / (end_us - begin_us)

    def count(self, begin_us, end_us):
        return bisect.bisect_right(self._times, end_us) - bisect.bisect_left(self._times, begin_us)


def _longest(times, begin_us, end_us):
    """Of one ordered list of times. Without a write before the window and one after it, the ends of its gaps are not
    known, and that is no answer."""
    first, after = bisect.bisect_right(times, begin_us) - 1, bisect.bisect_left(times, end_us)
    if first < 0 or after >= len(times):
        return None
    return max((Gap(times[i], times[i + 1]) for i in range(first, after)), key=lambda gap: gap.ms,
               default=Gap(times[first], times[first]))


def percentile(values, percent):
    """The smallest value that at least so many per cent of all do not exceed (nearest rank): always one that was seen."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)]


@dataclass(frozen=True)
class Spread:
    """How values are distributed."""

    count: int
    least: float
    median: float
    p95: float
    most: float

    @classmethod
    def of(cls, values):
        return cls(len(values), min(values), statistics.median(values), percentile(values, 95), max(values))

    def cells(self, form="{:.1f}"):
        return [str(self.count), *(form.format(value) for value in (self.least, self.median, self.p95, self.most))]


def share_within(pairs, factor):
    """Which share of (forecast, outcome) is within that factor, either way. None when there is nothing to judge."""
    if not pairs:
        return None
    return sum(1 for forecast, outcome in pairs if forecast / factor <= outcome <= forecast * factor) / len(pairs)


# --- the ledger ------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Verdict:
    """What a side's rows say about what the clients were told. Each is a set of tokens."""

    missing: set   # acknowledged, but not there
    doubled: set   # there more than once
    unasked: set   # refused, or never sent, and there all the same

    @property
    def is_clean(self):
        return not (self.missing or self.doubled or self.unasked)

    def __str__(self):
        return f"{len(self.missing)} lost, {len(self.doubled)} doubled, {len(self.unasked)} that nobody was told of"


def judge(writes, tokens):
    """Compare a side's rows, one token a row, with what the clients were told."""
    found, doubled = set(), set(writes.doubled)
    for token in tokens:
        (doubled if token in found else found).add(token)
    return Verdict(writes.acknowledged - found, doubled, found - writes.acknowledged - writes.lost)
