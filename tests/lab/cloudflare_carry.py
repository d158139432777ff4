# SPDX-License-Identifier: MIT
"""How a committed change travels: from the API to each authoritative server and to the edge.

Owns:       one thread a destination, and what has not arrived there yet.
Guarantees: a destination sees commits in order, each one `delay_s` after it was made or later;
            one that is down gets them when it is back. Destinations do not wait for each other,
            which is why resolvers may see a mix.
"""

import collections
import math
import threading
import time

NEVER = math.inf        # a delay: this destination lags until the delay is lowered again
RETRY_S = 0.1


class Carrier:
    """Carry views to `deliver(view)`, in order; `delay_s` may be changed at any time."""

    def __init__(self, name, deliver, delay_s=0.0):
        self.name = name
        self.last_error = None
        self._deliver = deliver
        self._delay_s = delay_s
        self._pending = collections.deque()
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=f"carry-{name}", daemon=True)
        self._thread.start()

    @property
    def delay_s(self):
        return self._delay_s

    @delay_s.setter
    def delay_s(self, value):
        with self._changed:
            self._delay_s = value
            self._changed.notify_all()

    @property
    def pending(self):
        """How many views have not arrived."""
        with self._changed:
            return len(self._pending)

    def submit(self, view):
        with self._changed:
            self._pending.append((time.monotonic(), view))
            self._changed.notify_all()

    def wait_settled(self, timeout_s):
        """True when everything submitted so far has arrived in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending, timeout_s)

    def stop(self):
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self):
        while (view := self._next_due()) is not None:
            try:
                self._deliver(view)
            except OSError as error:  # what urllib and sockets raise
                self.last_error = error
                with self._changed:
                    self._changed.wait_for(lambda: self._is_stopping, RETRY_S)
                continue
            self.last_error = None
            with self._changed:
                self._pending.popleft()
                self._changed.notify_all()

    def _next_due(self):
        """The oldest view, once its time has come; None when stopping."""
        with self._changed:
            while not self._is_stopping:
                if not self._pending:
                    self._changed.wait()
                    continue
                committed_at, view = self._pending[0]
                left_s = committed_at + self._delay_s - time.monotonic()
                if left_s <= 0:
                    return view
                self._changed.wait(None if left_s == NEVER else left_s)
            return None


class DnsDelivery:
    """Turn views into rrset changes of one authoritative server.

    backend.set_rrset(name, type, ttl, contents) and backend.delete_rrset(name, type) do the work;
    both may be repeated. Types that a name no longer has are deleted before others are set, since
    a name cannot hold a CNAME beside anything else.
    """

    def __init__(self, backend):
        self._backend = backend
        self._published = {}

    def __call__(self, view):
        before = self._published.get(view.name, {})
        for kind in before.keys() - view.rrsets.keys():
            self._backend.delete_rrset(view.name, kind)
        for kind, (ttl_s, contents) in view.rrsets.items():
            if before.get(kind) != (ttl_s, contents):
                self._backend.set_rrset(view.name, kind, ttl_s, list(contents))
        self._published[view.name] = view.rrsets
