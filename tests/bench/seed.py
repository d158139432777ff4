# SPDX-License-Identifier: MIT
"""`make bench-seed`: how fast is NEW seeded, beside the bare tool by hand and beside a plain copy of the files?

A lab of two servers, with an sshd each, in memory: what is measured is the work, not a disk. The contenders take turns, in
another order each round, so that what else the machine does hits all of them alike; medians and the ratios within a round
are printed, and the aims with whether they are met. All rates are of the same bytes: what OLD's data directory holds, less
its logs. What a method costs beside its copy (logins, checks, a server that starts) does not grow with the data: a data set
of less than some seconds says little about 500 GB. A slow machine fails nothing.

Environment: BENCH_MB       size of the data set (2400)
             BENCH_ROUNDS   rounds (3)
             BENCH_KINDS    of: mariadb, mysql (all)
             BENCH_WORKERS  threads of each method that takes a number (2)
             BENCH_FOLDER   where the servers live (/dev/shm)
             BUILD          whose cutover; results are in BUILD/bench
"""

import json
import os
import random
import shutil
import statistics
import sys
import time
from pathlib import Path

from tests.lab import kinds
from tests.lab.lab import Lab
from tests.lab.procs import LabError

from . import report, seed_tools
from .verify import BUILD, environment

FOLDER = BUILD / "bench"
AIM = 1.1  # within 10 % of the bare tool
BARE = {"copy": "mydumper", "physical": "mariadb-backup", "clone": "CLONE"}
NEEDED_BYTES = 6  # times the data set: both servers, a copy, their logs
WARM_BYTES = 4  # of these, in memory for sure before the first round: a virtual machine's own come slowly when first touched


def warm(folder, size):
    """What is written here next goes to memory that this machine has already."""
    file = folder / f"cutover-seed-warm-{os.getpid()}"
    block = b"\1" * (1 << 20)
    try:
        with file.open("wb") as out:
            for _ in range(size >> 20):
                out.write(block)
    finally:
        file.unlink(missing_ok=True)


def measured(contender, pair):
    """Seconds of one run on a NEW that is empty."""
    try:
        return contender.run(pair)
    finally:
        contender.undo(pair)


def rounds_of(pair, entries, rounds):
    """{contender: [seconds of each round]}, the contenders in another order each time."""
    seconds = {entry.name: [] for entry in entries}
    chooser = random.Random(1)
    for number in range(rounds):
        for entry in chooser.sample(entries, len(entries)):
            seconds[entry.name].append(measured(entry, pair))
        print(f"  round {number + 1}: " + ", ".join(f"{name} {all_[-1]:.1f} s" for name, all_ in seconds.items()), flush=True)
    return seconds


def beside(seconds, entry, other):
    return report.ratio(seconds[entry.name], seconds[other]) if other in seconds and other != entry.name else "-"


def rows_of(entries, seconds, megabytes):
    """A line a contender: name, seconds, MB/s, and how many times as long as the bare tool and as a plain copy."""
    return [[entry.name, *report.spread(seconds[entry.name], "{:.1f}"),
             f"{megabytes / statistics.median(seconds[entry.name]):.0f}",
             beside(seconds, entry, BARE.get(entry.name)), beside(seconds, entry, seed_tools.PLAIN_TLS)] for entry in entries]


HEAD = ["", "min s", "med s", "max s", "MB/s", "of the bare tool", "of a plain copy, TLS"]


def documented(entries, rows):
    """The table of docs/hosts.md."""
    lines = ["| | what it is | s | MB/s | times the bare tool | times a plain copy |", "|---|---|---|---|---|---|"]
    lines += [f"| `{row[0]}` | {entry.about} | {row[2]} | {row[4]} | {row[5]} | {row[6]} |" for entry, row in zip(entries, rows)]
    return "\n".join(lines)


def aims_of(kind, seconds):
    found = []
    for name, bare in BARE.items():
        if name in seconds and bare in seconds:
            found.append(report.Aim(f"{kind.name}, {name}: times as long as {bare}",
                                    report.median_ratio(seconds[name], seconds[bare]), AIM))
    return found


def one_kind(kind, mb, rounds, workers):
    """(seconds, megabytes, table, aims)"""
    folder = Path(os.environ.get("BENCH_FOLDER") or "/dev/shm")
    if shutil.disk_usage(folder).free < NEEDED_BYTES * mb * 1e6:
        raise LabError(f"{folder} has no room for {NEEDED_BYTES} times {mb} MB (BENCH_FOLDER, BENCH_MB)")
    warm(folder, int(WARM_BYTES * mb * 1e6))
    options = seed_tools.OPTIONS[kind.flavour]
    print(f"\n{kind}: data set of {mb} MB and two servers in {folder} ...", flush=True)
    with Lab(root=folder / f"cutover-seed-{kind.flavour}-{os.getpid()}", mb=mb, replicas=0, dns=False, cloudflare=False,
             site=False, ssh=True, old=kind.name, new=kind.name,
             options={"old1": dict(options), "new1": dict(options)}) as lab:
        pair = seed_tools.Pair(lab, workers)
        entries = seed_tools.contenders(pair)
        print("\n".join(f"  {entry.name:<15} {entry.about}" for entry in entries))
        seconds = rounds_of(pair, entries, rounds)
        rows = rows_of(entries, seconds, pair.megabytes)
        report.table(f"{kind}: {pair.megabytes:.0f} MB of files, {workers} workers", HEAD, rows)
        return seconds, pair.megabytes, documented(entries, rows), aims_of(kind, seconds)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    mb = int(os.environ.get("BENCH_MB") or 2400)
    rounds = int(os.environ.get("BENCH_ROUNDS") or 3)
    workers = int(os.environ.get("BENCH_WORKERS") or 2)
    names = (os.environ.get("BENCH_KINDS") or "mariadb,mysql").replace(",", " ").split()
    chosen = [kinds.find(name) for name in names]
    FOLDER.mkdir(parents=True, exist_ok=True)
    about = {**environment(), "mb": mb, "rounds": rounds, "workers": workers, "load": os.getloadavg()[0]}
    print(json.dumps(about))
    if about["load"] > os.cpu_count() / 2:
        print(f"*** this machine is busy: {about['load']:.1f} processes want one of its {os.cpu_count()} CPUs already ***")
    for program in seed_tools.absent():
        print(f"*** no {program} on this machine: left out (make deps-bench) ***")
    found, listed, tables = {}, [], []
    for kind in chosen:
        seconds, megabytes, table, aims = one_kind(kind, mb, rounds, workers)
        found[str(kind)] = {"megabytes": megabytes, "seconds": seconds}
        listed += aims
        tables.append(f"{kind}, {megabytes:.0f} MB of files, {workers} workers, {rounds} rounds, {about['cpu']}:\n\n{table}")
    report.aims(listed)
    path = FOLDER / f"seed-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.json"
    path.write_text(json.dumps({"about": about, "found": found, "aims": [aim.row() for aim in listed]}, indent=1) + "\n")
    path.with_suffix(".md").write_text("\n\n".join(tables) + "\n")
    print(f"\nwritten to {path}, and as a table for docs/hosts.md to {path.with_suffix('.md').name}")


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(f"bench-seed: {error}")
