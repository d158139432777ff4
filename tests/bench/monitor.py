# SPDX-License-Identifier: MIT
"""What watching N nodes costs the controller: `make bench-monitor` (BENCH_NODES, BENCH_INTERVALS in ms, BENCH_SECONDS).

The nodes are a few real servers, each addressed many times. They share this machine's processors with what is measured, so
processor seconds of the watching process count, not the time that passes. Two processors' servers saturate at some 3,000 looks a
second: the last row, of 10,000, has replay.c between, which gives the servers' own answers again for a second.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.integration.service import Stage
from tests.lab.procs import LabError

PROGRAM = Path(os.environ.get("BUILD") or "build").resolve() / "bench/monitor"
REPLAY = PROGRAM.parent / "replay"
REPLAY_PORT = 3316
REPLAYED = (1000, 100)  # nodes, and ms between looks


def main():
    nodes = [int(word) for word in os.environ.get("BENCH_NODES", "10 100 1000").split()]
    seconds = os.environ.get("BENCH_SECONDS", "15")
    intervals = [int(word) for word in os.environ.get("BENCH_INTERVALS", "1000 100").split()]
    print("TLS  nodes  every ms  reached  polls/s  cores  MiB    us of a core a poll  took p50, p99 ms  late p50, p99 ms")
    with Stage(mb=0) as stage:
        service = stage.service("mirrored")
        for cluster in (service.lab.old, service.lab.new):
            for server in (cluster.primary, *cluster.replicas):
                server.query("SET GLOBAL max_connections = 3000")
        plain = service.lab.config.variant("plain", lambda config: config["tls"].update(mode="off"))
        for interval in intervals:
            for count in nodes:
                watch("yes", service.lab.cfg_path, count, interval, seconds)
        for count in nodes:
            watch("no", plain, count, intervals[0], seconds)
        with Replay(service.lab) as replay:
            watch("no", replay.cfg_path, *REPLAYED, seconds)
        print(f"the last row: {replay.replayed:.1%} of the answers were replayed, each at most a second or two old")


class Replay:
    """Owns: a process that answers for all servers of a lab, at another port, with their own answers. replayed: its share."""

    def __init__(self, lab):
        self._servers = [server for cluster in (lab.old, lab.new) for server in cluster.nodes]
        self.cfg_path = lab.config.variant("replayed", self._edit)
        self.replayed = 0.0

    @staticmethod
    def _edit(settings):
        settings["tls"].update(mode="off")
        for side in ("old", "new"):
            for node in (settings[side]["primary"], *settings[side]["replicas"]):
                node["port"] = REPLAY_PORT

    def __enter__(self):
        port, = {server.port for server in self._servers}
        words = [REPLAY, str(REPLAY_PORT), str(port), *(server.address for server in self._servers)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdout.readline() != "ready\n":
            raise LabError(f"{REPLAY} did not begin")
        return self

    def __exit__(self, *_):
        done = json.loads(self._process.communicate()[0] or '{"replayed": 0, "passed": 1}')
        self.replayed = done["replayed"] / (done["replayed"] + done["passed"])


def watch(tls, cfg, count, interval, seconds):
    words = [PROGRAM, cfg, str(count), seconds, str(interval)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{tls:3}  {count:5}  {interval:8}  {done.stderr.strip()}", flush=True)
        return
    seen = json.loads(done.stdout)
    cost = seen["cores"] / seen["polls_per_s"] * 1e6  # of those that were made: servers that saturate answer fewer than were due
    took, late = seen["took_ms"], seen["late_ms"]
    print(
        f"{tls:3}  {count:5}  {interval:8}  {seen['reached_at_least']:7}  {seen['polls_per_s']:7.0f}  {seen['cores']:.3f}  {seen['rss_mib']:5.1f}"
        f"  {cost:19.0f}  {took[0]:8.2f} {took[1]:7.2f}  {late[0]:8.0f} {late[1]:7.0f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
