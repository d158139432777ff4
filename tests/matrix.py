#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run the integration tests over pairs of servers and both client libraries; a table says what passed and what failed.

    tests/matrix.py [--pair OLD:NEW]... [--client mariadb|mysql]...      all of PAIRS and CLIENTS unless told

Environment: MAKE, and what the tests themselves take (SERVERS).
Results:     build/matrix/OLD-NEW-CLIENT.xml (JUnit) and .log of each run; the tests' labs are beside them.
A pair whose servers are not on this machine, or a client library that does not build, is a failed row: a matrix with
holes must not look whole.
Exit code:   0 only when every row has passed tests and no failed one.
"""

import argparse
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.lab import kinds  # noqa: E402
from tests.lab.procs import LabError  # noqa: E402
from tests.run import NO_SERVERS, ROOT, SIDE_BY_SIDE, Tally, servers_matter, tally_junit  # noqa: E402

PAIRS = ("mariadb-10.11:mariadb-10.11", "mariadb-10.11:mariadb-11.8", "mariadb-10.5:mariadb-10.11", "mysql:mysql")
CLIENTS = {"mariadb": ("Connector/C", "build"), "mysql": ("libmysqlclient", "build/client-mysql")}
RESULTS = ROOT / "build" / "matrix"


def main():
    options = parse()
    RESULTS.mkdir(parents=True, exist_ok=True)
    builds = {client: build(client) for client in options.client}
    rows = []
    for pair, client in itertools.product(options.pair, options.client):
        print(f"=== {pair} with {CLIENTS[client][0]}", flush=True)
        began = time.monotonic()
        tally, why = run(pair, client) if builds[client] else (Tally(failed=1), "it does not build")
        rows.append((pair, client, tally, time.monotonic() - began, why))
    return report(rows)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pair", action="append", metavar="OLD:NEW", help=f"of {', '.join(kinds.NAMES)}")
    parser.add_argument("--client", action="append", choices=CLIENTS, help="the client library of the program")
    options = parser.parse_args()
    options.pair = options.pair or list(PAIRS)
    options.client = options.client or list(CLIENTS)
    for pair in options.pair:
        if len(pair.split(":")) != 2:
            parser.error(f"{pair} is not of the form OLD:NEW")
    return options


def build(client):
    """Is the program there, built with that client library?"""
    words = [os.environ.get("MAKE") or "make", "--no-print-directory", f"-j{os.cpu_count() or 1}", f"CLIENT={client}",
             f"BUILD={CLIENTS[client][1]}", "all"]
    return subprocess.call(words, cwd=ROOT) == 0


def run(pair, client):
    """The tests' tally, and why there is none when the servers are not here."""
    old, new = pair.split(":")
    try:
        kinds.find(old)
        kinds.find(new)
    except LabError as absent:
        return Tally(failed=1), str(absent)
    name = f"{old}-{new}-{client}"
    environment = {**os.environ, "CUTOVER_LAB_OLD": old, "CUTOVER_LAB_NEW": new, "CLIENT": client,
                   "BUILD": CLIENTS[client][1], "PYTHONPYCACHEPREFIX": str(RESULTS / "pycache")}
    words = servers_matter(NO_SERVERS) if pair == PAIRS[0] else servers_matter()
    with open(RESULTS / f"{name}.log", "wb") as log:
        code = subprocess.call([sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-rfE",
                                f"--junitxml={RESULTS}/{name}.xml", *words, *SIDE_BY_SIDE],
                               cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    tally = tally_junit(RESULTS / f"{name}.xml", code)
    return tally, f"see {RESULTS / name}.log" if tally.failed or not tally.passed else ""


def report(rows):
    print(f"\n{'OLD -> NEW':<32} {'client library':<16} {'passed':>6} {'failed':>6} {'skipped':>7} {'seconds':>8}")
    for pair, client, tally, seconds, why in rows:
        print(f"{pair.replace(':', ' -> '):<32} {CLIENTS[client][0]:<16} {tally.passed:>6} {tally.failed:>6}"
              f" {tally.skipped:>7} {seconds:>8.1f}  {why}".rstrip())
    total = sum((row[2] for row in rows), Tally())
    print(f"\n{total}", flush=True)
    return 0 if rows and all(row[2].passed and not row[2].failed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
