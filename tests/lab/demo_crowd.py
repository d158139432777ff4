# SPDX-License-Identifier: MIT
"""The crowd in a process of its own, so that its clock is not held up by the lab's own servers.

Guarantee: it ends with this object, and by itself when this process dies (its standard input ends then).
"""

import json
import subprocess
import sys

from .lab import DNS_ONLY, PROXIED, REPOSITORY
from .procs import LabError

STOP_S = 90  # to finish what is under way, lost answers looked up included


class CrowdProcess:
    """Visitors of a lab. `ledger` is what the audit reads once stop() has returned."""

    def __init__(self, lab, folder, clients):
        folder.mkdir(parents=True, exist_ok=True)
        self.ledger = folder / "ledger.jsonl"
        self._result = folder / "crowd.json"
        self._log = folder / "crowd.log"
        for path in (self.ledger, self._result, self._log):
            path.unlink(missing_ok=True)
        resolver = lab.dns.resolver
        self._argv = [sys.executable, "-m", "tests.lab.crowd", "--control", "--clients", str(clients),
                      "--resolver", f"{resolver.address}:{resolver.port}", "--port", str(lab.site_port),
                      "--name", f"{PROXIED}=proxied", "--name", f"{DNS_ONLY}=dns-only",
                      "--ledger", str(self.ledger), "--result", str(self._result)]
        self._process = None

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(self._argv, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=log, text=True, start_new_session=True)
        if self._process.stdout.readline().strip() != "ready":
            raise LabError(f"the crowd did not start\n{self._log.read_text(errors='replace')}")
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def acknowledged(self):
        """How many writes were promised so far."""
        with open(self.ledger, encoding="utf-8") as file:
            return sum('"event": "acknowledged"' in line for line in file)

    def mark(self, label):
        """What is measured from here on belongs to `label`."""
        self._command(f"mark {label}\n")

    def stop(self):
        """Nobody begins anything new; when all are done, the figures."""
        self._process.stdin.close()
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            raise LabError(f"the crowd did not end within {STOP_S} s") from None
        if code != 0:
            raise LabError(f"the crowd ended with {code}\n{self._log.read_text(errors='replace')}")
        return json.loads(self._result.read_text(encoding="utf-8"))

    def _command(self, line):
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError:
            raise LabError(f"the crowd is gone\n{self._log.read_text(errors='replace')}") from None
