# SPDX-License-Identifier: MIT
"""What watching N nodes ten times a second costs the controller: `make bench-monitor` (BENCH_NODES, BENCH_SECONDS).

The nodes are a few real servers, each addressed many times. They share this machine's processors with what is measured, so
processor seconds of the watching process count, not the time that passes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.integration.service import Stage

PROGRAM = Path(os.environ.get("BUILD") or "build").resolve() / "bench/monitor"


def main():
    nodes = [int(word) for word in os.environ.get("BENCH_NODES", "10 100 1000").split()]
    seconds = os.environ.get("BENCH_SECONDS", "15")
    print("nodes  reached  cores  MiB    us of a core a sample")
    with Stage(mb=0) as stage:
        service = stage.service("mirrored")
        for cluster in (service.lab.old, service.lab.new):
            for server in (cluster.primary, *cluster.replicas):
                server.query("SET GLOBAL max_connections = 3000")
        for count in nodes:
            done = subprocess.run([PROGRAM, service.lab.cfg_path, str(count), seconds], capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{count:5}  {done.stderr.strip()}")
                continue
            seen = json.loads(done.stdout)
            cost = seen["cores"] / count / 10 * 1e6
            print(f"{count:5}  {seen['reached_at_least']:7}  {seen['cores']:.3f}  {seen['rss_mib']:5.1f}  {cost:.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
