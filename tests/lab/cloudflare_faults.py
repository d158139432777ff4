# SPDX-License-Identifier: MIT
"""Faults on demand: which of the next requests goes wrong, and how.

Owns:      the list of armed faults, in the order they were armed; the first that matches is used.
Invariant: a fault with `times` = n is used exactly n times, whatever arrives in parallel.
"""

import re
import threading
from dataclasses import asdict, dataclass

KINDS = {
    "delay_before": "wait ms, then handle it as usual",
    "drop_before": "hang up without reading on; nothing is applied",
    "drop_after": "apply it, then hang up: the answer is lost",
    "hang_after": "apply it, then say nothing for ms and hang up",
    "truncate": "apply it, then send half of the answer and hang up",
    "status": "apply nothing, answer with this status and an error envelope",
    "html": "apply nothing, answer with this status and an HTML page, as the edge does",
    "429": "apply nothing, answer 429 with retry-after",
    "edit_after": "apply it, then let somebody else make `edit` before the answer leaves",
}
BEFORE = ("delay_before", "drop_before", "status", "html", "429")


@dataclass
class Fault:
    """One armed fault. `match` is a regular expression searched in path and query."""

    kind: str
    method: str = ""           # "" is any
    match: str = ""
    times: int = 1             # 0 is for ever
    ms: int = 1000
    status: int = 503
    retry_after: int = 1
    edit: dict | None = None   # edit_after: {"name":, "type":, and the fields to set}

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind}; there are {', '.join(KINDS)}")
        if self.kind == "edit_after" and not self.edit:
            raise ValueError("edit_after needs the edit that somebody else makes")
        re.compile(self.match)

    def fits(self, method, target):
        return self.method in ("", method) and re.search(self.match, target) is not None


class Faults:
    """The armed faults of one server."""

    def __init__(self):
        self._lock = threading.Lock()
        self._armed = []

    def add(self, kind, **details):
        fault = Fault(kind, **details)
        with self._lock:
            self._armed.append(fault)
        return fault

    def clear(self):
        with self._lock:
            self._armed.clear()

    def armed(self):
        """What is left, as plain dictionaries."""
        with self._lock:
            return [asdict(fault) for fault in self._armed]

    def take(self, method, target):
        """The fault this request meets, used up once; None when it meets none."""
        with self._lock:
            for fault in self._armed:
                if not fault.fits(method, target):
                    continue
                if fault.times == 1:
                    self._armed.remove(fault)
                elif fault.times:
                    fault.times -= 1
                return fault
        return None
