# SPDX-License-Identifier: MIT
"""The crowd's ledger: every write that was acknowledged, kept where no database can lose it.

Owns:      one append-only file of JSON lines. A line is in the kernel's hands before the client
           that wrote it goes on, so it survives the death of the crowd.
Events:    acknowledged  {client, kind, token, user, digest, side, name, via, after, ms}
           ambiguous     {client, kind, token, side, why}   the answer was lost; what became of it
                         is told by a later line of the same token: acknowledged or abandoned
           abandoned     {client, kind, token, why}         never written again, perhaps there
           mark          {label}                            a new window begins
Every line carries `mono` and `wall`. `after` is "answer", "lookup" (the answer was lost, the write
was found by its token) or "conflict" (a repeated request met the client's own earlier write).
"""

import hashlib
import json
import threading
import time


class Ledger:
    """The ledger of a running crowd; counts what it holds."""

    def __init__(self, path):
        self.path = path
        self._lock = threading.Lock()
        self._file = open(path, "a", encoding="utf-8", buffering=1)
        self._counts = {}

    def write(self, event, **details):
        line = {"event": event, "mono": time.monotonic(), "wall": time.time(), **details}
        text = json.dumps(line, ensure_ascii=False) + "\n"
        with self._lock:
            self._file.write(text)
            self._counts[event] = self._counts.get(event, 0) + 1

    def count(self, event):
        with self._lock:
            return self._counts.get(event, 0)

    def close(self):
        with self._lock:
            self._file.close()


def read(path):
    """The lines of a ledger; a last line cut short by a crash is no promise and is left out."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def digest(title, body):
    """What a post's text is compared by; the audit has the database compute the same."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
