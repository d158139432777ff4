# SPDX-License-Identifier: MIT
"""The crowd of pause_client.c, run beside the bench: writers that hold connections to both sides and retry."""

import json
import os
import subprocess
from collections import Counter
from dataclasses import dataclass

from tests.lab.procs import LabError

from . import gaps

READY = "ready\n"
STOP_S = 60


@dataclass(frozen=True)
class Load:
    """clients: how many; per_second: of all together, 0 as fast as they can."""

    clients: int
    per_second: int

    @property
    def is_paced(self):
        return self.per_second > 0

    @property
    def period_us(self):
        return self.clients * 1_000_000 // self.per_second if self.is_paced else 0

    @property
    def name(self):
        return f"{self.clients} clients, " + (f"{self.per_second} writes/s" if self.is_paced else "saturated")


class Clients:
    """Writers at work from __enter__ to stop(). They end with this object, and by themselves when this process dies.

    writes  gaps.Writes, once stopped
    errors  how often each error was met; "login ..." when a connection was refused
    """

    def __init__(self, program, folder, load, sides, account, table, first):
        self.writes = gaps.Writes()
        self.errors = Counter()
        self._records = folder / "writes.bin"
        self._log = folder / "clients.log"
        places = [f"{server.address}:{server.port}" for server in sides]
        self._argv = [str(program), str(load.clients), str(load.period_us), first, *places, account.user, table]
        self._environment = {**os.environ, "PAUSE_CLIENT_PASSWORD": account.password}
        self._process = None

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                             text=True, env=self._environment)
        if self._process.stdout.readline() != READY:
            self._fail("the clients did not start")
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def hold(self):
        """Nobody begins a write until go(); returns when those under way were answered."""
        self._say("hold", "held")

    def go(self):
        self._say("go", "gone")

    def stop(self):
        """Let the writes under way be answered; nobody writes any more. What happened is in `writes` and `errors`."""
        answer = self._say(f"stop {self._records}")
        self.errors.update(json.loads(answer)["errors"])
        self.writes.read(self._records)
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            raise LabError(f"the clients did not end within {STOP_S} s") from None
        if code:
            self._fail(f"the clients ended with {code}")

    def _say(self, command, wanted=None):
        try:
            self._process.stdin.write(f"{command}\n")
            self._process.stdin.flush()
        except OSError:
            self._fail("the clients are gone")
        answer = self._process.stdout.readline()
        if not answer or (wanted and answer != f"{wanted}\n"):
            self._fail(f"the clients answered {answer!r} to {command}")
        return answer

    def _fail(self, what):
        raise LabError(f"{what}\n{self._log.read_text(errors='replace')}")
