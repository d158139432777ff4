# SPDX-License-Identifier: MIT
"""What a command or a function cost: wall time, CPU by process, memory, bytes on the network, server instructions."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.procs import LabError

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SAMPLE_S = 0.05


@dataclass
class Cost:
    """Of one run. Bytes are those of both servers, sent and received, theirs to each other included."""

    wall_s: float
    cpu_s: dict = field(default_factory=dict)  # {"old": .., "new": .., "client": ..}
    peak_bytes: int = 0                        # resident memory of the client process
    network_bytes: int = 0
    output: str = ""


def of_command(pair, argv, good_codes=(0,), deadline_s=3600):
    """Run a program to its end; LabError with what it said unless it ends with one of `good_codes`."""
    before = _servers(pair)
    began = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as popen:
        peak = _Peak(popen.pid)
        try:
            output, complaint = popen.communicate(timeout=deadline_s)
        except BaseException:
            popen.kill()
            raise
        finally:
            peak.stop()
    wall_s = time.monotonic() - began
    if popen.returncode not in good_codes:
        raise LabError(f"{' '.join(argv)}: exit {popen.returncode}\n{complaint}{output}")
    cost = _since(pair, before, wall_s)
    cost.cpu_s["client"] = peak.cpu_s
    cost.peak_bytes = peak.bytes
    cost.output = output
    return cost


def of_call(pair, call):
    """Run a function that lets the servers work; what this process itself costs is not counted."""
    before = _servers(pair)
    began = time.monotonic()
    call()
    return _since(pair, before, time.monotonic() - began)


class _Peak:
    """Samples a process of ours: the kernel's own high-water mark and CPU time, so that only the last instant is missed.

    Not wait4(): what that reports as the peak begins with the memory of the process that forked.
    """

    def __init__(self, pid):
        self.bytes = 0
        self.cpu_s = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self):
        self._ended.set()
        self._thread.join()

    def _watch(self, pid):
        python = os.readlink("/proc/self/exe")
        while True:
            with contextlib.suppress(OSError, ValueError):
                if os.readlink(f"/proc/{pid}/exe") != python:  # it has not become the program yet
                    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
                    if found:
                        self.bytes = int(found[1]) * 1024
                    self.cpu_s = cpu_s(pid)
            if self._ended.wait(SAMPLE_S):
                return


def cpu_s(pid):
    """CPU time that a process has used, in the kernel and outside."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _network_bytes(server):
    rows = server.query("SHOW GLOBAL STATUS WHERE variable_name IN ('Bytes_sent', 'Bytes_received')")
    return sum(int(row["Value"]) for row in rows)


def _servers(pair):
    return [(cpu_s(server.pid), _network_bytes(server)) for server in pair.sides]


def _since(pair, before, wall_s):
    cost = Cost(wall_s)
    for server, (cpu_before, bytes_before), (cpu_now, bytes_now) in zip(pair.sides, before, _servers(pair)):
        cost.cpu_s[server.name] = cpu_now - cpu_before
        cost.network_bytes += bytes_now - bytes_before
    return cost


# --- instructions ----------------------------------------------------------------------------------------------------

def can_count_instructions():
    """Is perf here, and does this machine let it count?"""
    if not shutil.which("perf"):
        return False
    done = subprocess.run(["perf", "stat", "-x", ",", "-e", "instructions", "true"], capture_output=True, text=True,
                          check=False)
    return _counted(done.stderr) is not None


def instructions(server, call):
    """What `server` executes while `call` runs."""
    argv = ["perf", "stat", "-x", ",", "-e", "instructions", "-p", str(server.pid)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as perf:
        try:
            time.sleep(0.3)  # it says nothing when it begins to count
            call()
        finally:
            perf.send_signal(signal.SIGINT)
            _, report = perf.communicate(timeout=30)
    count = _counted(report)
    if count is None:
        raise LabError(f"perf: {report}")
    return count


def _counted(report):
    found = re.search(r"^(\d+),+[^,]*instructions", report, re.MULTILINE)
    return int(found[1]) if found else None
