# SPDX-License-Identifier: MIT
"""How long could nobody write? Measured where it hurts: at the clients.

Two figures, for everybody and by kind of name (proxied, dns-only):
  gap_ms     the longest time in which nobody's write was acknowledged
  client_ms  the longest time one client had to wait between wanting to write and a success
A pause counts in every window it touches, so a mark can never cut one in half and hide it. A
client that still waits when the figures are taken counts with what it has waited so far.
"""

import threading
import time


class Pauses:
    """Collects successes; `start` begins the first window."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._done = []      # (wanted_at, done_at, kind), in the order of done_at
        self._waiting = {}   # client -> (wanted_at, kind)
        self._marks = []     # (at, label)
        self._ended_at = None

    def start(self, label="start"):
        self.mark(label)

    def mark(self, label):
        """A new window begins now, called `label`."""
        with self._lock:
            self._marks.append((self._clock(), label))

    def want(self, client, kind):
        """The client wants to write; a want that is open already stays as old as it is."""
        with self._lock:
            self._waiting.setdefault(client, (self._clock(), kind))

    def done(self, client):
        """The client's write was acknowledged."""
        with self._lock:
            wanted_at, kind = self._waiting.pop(client)
            self._done.append((wanted_at, self._clock(), kind))

    def end(self):
        """Nobody wants to write any more."""
        with self._lock:
            self._ended_at = self._clock()

    def report(self):
        """{"total": figures, "windows": [{"label", "seconds", figures}, ...]}"""
        with self._lock:
            now = self._ended_at or self._clock()
            waits = [*self._done, *((at, now, kind) for at, kind in self._waiting.values())]
            done = [(at, kind) for _, at, kind in self._done]
            marks = [*self._marks, (now, "end")]
        windows = [{"label": label, **_figures(done, waits, since, until, marks[0][0], now)}
                   for (since, label), (until, _) in zip(marks, marks[1:])]
        return {"total": _figures(done, waits, marks[0][0], now, marks[0][0], now),
                "windows": windows}


def _figures(done, waits, since, until, first, last):
    """The figures of one window [since, until] of a run [first, last]."""
    kinds = sorted({kind for _, _, kind in waits})
    figures = {
        "seconds": round(until - since, 3),
        "acknowledged": sum(since <= at < until for at, _ in done),
        **_longest(done, waits, since, until, first, last),
    }
    figures["by_kind"] = {
        kind: _longest([d for d in done if d[1] == kind], [w for w in waits if w[2] == kind],
                       since, until, first, last)
        for kind in kinds}
    return figures


def _longest(done, waits, since, until, first, last):
    times = [first, *(at for at, _ in done), last]
    gaps = zip(times, times[1:])
    return {"gap_ms": _longest_ms(gaps, since, until),
            "client_ms": _longest_ms(((a, b) for a, b, _ in waits), since, until)}


def _longest_ms(spans, since, until):
    return round(1000 * max((b - a for a, b in spans if b > since and a < until), default=0.0), 1)
