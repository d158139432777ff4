# SPDX-License-Identifier: MIT
"""`make bench-verify`: how fast is the comparison, and what does it cost those whose servers they are?

Of each kind, two servers with durable commits on loopback, about 1.5 GB of rows in memory, NEW following OLD. The contenders
take turns, in another order each round, so that what else the machine does hits all of them alike; medians and the ratios
within a round are printed, and the aims with whether they are met. A slow machine fails nothing.

Environment: BENCH_MB      size of the data set (1600)
             BENCH_ROUNDS  rounds (5)
             BENCH_KINDS   kinds of servers, of tests/lab/kinds.py (mariadb,mysql)
             BENCH_PARTS   of: pass, cost, instructions, load (all); instructions on MariaDB only
             BENCH_LOADS   of the part load: closed, rate (both)
             BENCH_GUESTS  who verifies there: default, gentle, pt default (all)
             BUILD         whose cutover; data and results are in BUILD/bench
"""

import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.lab import kinds
from tests.lab.procs import LabError

from . import contenders, data, instructions, load, measure, report
from .pair import Pair

ROOT = Path(__file__).parents[2]
BUILD = ROOT / (os.environ.get("BUILD") or "build")
FOLDER = BUILD / "bench"
PARTS = ("pass", "cost", "instructions", "load")


def environment():
    """What the figures depend on."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {"at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "cpu": f"{os.cpu_count()} x {cpu}",
            "commit": commit.stdout.strip()}


# --- a whole pass ----------------------------------------------------------------------------------------------------

def passes(pair, rounds):
    """{contender: [Cost of each round]}, the contenders in another order each time."""
    entries = contenders.of(pair)
    print("\n" + "\n".join(f"  {entry.name:<15} {entry.about}" for entry in entries))
    costs = {entry.name: [] for entry in entries}
    chooser = random.Random(1)
    for number in range(rounds):
        for entry in chooser.sample(entries, len(entries)):
            costs[entry.name].append(entry.run(pair))
        print(f"  round {number + 1}: " + ", ".join(f"{name} {all_[-1].wall_s:.1f} s" for name, all_ in costs.items()), flush=True)
    return costs


def walls(costs, name):
    return [cost.wall_s for cost in costs[name]]


def show_passes(pair, costs, logical_bytes):
    rows = []
    for name in costs:
        wall = walls(costs, name)
        middle = statistics.median(wall)
        beside = [report.ratio(walls(costs, other), wall) if other in costs else "-"
                  for other in ("pt default", "CHECKSUM TABLE", "read all")]
        rows.append([name, *report.spread(wall), f"{pair.row_count / middle / 1e3:.0f}", f"{logical_bytes / middle / 1e6:.0f}", *beside])
    if pair.pt_refusal:
        rows.append(["pt default", *["cannot"] * 3, *["-"] * 5])
    report.table(f"a whole pass over {pair.row_count} rows, {logical_bytes / 1e9:.2f} GB of values on each side",
                 ["seconds", "min", "med", "max", "krows/s", "MB/s", "pt default / this",
                  "CHECKSUM TABLE / this", "read all / this"], rows)
    if pair.pt_refusal:
        print(f"  pt default: {pair.pt_refusal}")


def cpu_totals(costs, name):
    return [sum(cost.cpu_s.values()) for cost in costs[name]]


def show_costs(pair, costs):
    rows = []
    for name, all_ in costs.items():
        cpu = [report.spread([cost.cpu_s.get(who, 0.0) for cost in all_], "{:.1f}")[1] for who in ("old", "new", "client")]
        total = cpu_totals(costs, name)
        beside = report.ratio(cpu_totals(costs, "pt default"), total) if "pt default" in costs else "-"
        peak = max(cost.peak_bytes for cost in all_)
        network = statistics.median(cost.network_bytes for cost in all_)
        rows.append([name, *cpu, report.spread(total, "{:.1f}")[1], beside, f"{peak / 2**20:.0f}" if peak else "-",
                     f"{network / pair.row_count:.1f}"])
    report.table("what a pass costs (medians; memory: the most of all rounds)",
                 ["", "CPU s OLD", "CPU s NEW", "CPU s client", "all", "pt default / this", "client's peak MiB",
                  "network bytes/row"], rows)


# --- instructions ----------------------------------------------------------------------------------------------------

def perf_instructions(pair):
    """{contender: instructions that OLD executes per row}, for those that compare or read; one pass each."""
    if not measure.can_count_instructions():
        print("\n*** instructions per row SKIPPED: no perf here (make deps-bench), or a machine that does not count them ***")
        return {}
    counted = {entry.name: measure.instructions(pair.old, lambda entry=entry: entry.run(pair)) / pair.row_count
               for entry in contenders.of(pair)}
    report.table("instructions of OLD per row", ["", "instr/row"], [[name, f"{count:.0f}"] for name, count in counted.items()])
    return counted


# -------------------------------------------------------------------------------------------------------------------

def aims(pair, costs, counted, by_table, loads):
    def faster(name):
        is_there = costs and name in costs and "pt default" in costs
        return report.median_ratio(walls(costs, "pt default"), walls(costs, name)) if is_there else None

    def peak(name):
        return max(cost.peak_bytes for cost in costs[name]) / 2**20 if costs and name in costs else None

    def per_row(name):
        return max(cost.network_bytes for cost in costs[name]) / pair.row_count if costs and name in costs else None

    def server_work():
        """Instructions where they can be counted, else CPU time, of stream as a share of pt's expression."""
        if {"stream", "pt's SELECT"} <= set(counted):
            return "instructions", counted["stream"] / counted["pt's SELECT"]
        if by_table:
            return "instructions", max(counts["stream"] / counts[contenders.PT_SELECT] for counts in by_table.values())
        if {"stream", "pt's SELECT"} <= set(costs):
            cpu = {name: [cost.cpu_s["old"] + cost.cpu_s["new"] for cost in costs[name]] for name in ("stream", "pt's SELECT")}
            return "CPU time", report.median_ratio(cpu["stream"], cpu["pt's SELECT"])
        return "instructions", None

    no_pt = "it cannot" if pair.pt_refusal else "not measured"
    work, relative = server_work()
    report.aims([
        report.Aim("stream, times as fast as pt-table-checksum", faster("stream"), 2.5, is_least=True, why=no_pt),
        report.Aim("fast, times as fast as pt-table-checksum", faster("fast"), 4.5, is_least=True, why=no_pt),
        report.Aim(f"{work} of the servers per row, stream / pt's expression", relative, 1.0),
        report.Aim("remote, bytes on the network per row", per_row("remote"), 64),
        *[report.Aim(f"controller's memory, {mode}", peak(mode), 64, unit=" MiB") for mode in contenders.MODES],
        *load.aims(loads),
    ])


def one_kind(kind, mb, rounds, parts):
    """All parts on two servers of that kind; prints them and writes them down."""
    print(f"\n{kind}: data set of {mb} MB and two servers ...", flush=True)
    with Pair(FOLDER, mb, BUILD / "cutover", kind) as pair:
        about = {**environment(), "server": str(pair.kind), "mb": mb, "rounds": rounds, "rows": pair.row_count,
                 "logical_bytes": data.logical_bytes(pair.old)}
        print(json.dumps(about))
        pair.pt_refusal = contenders.pt_prepare(pair)
        if pair.pt_refusal:
            print(f"*** pt-table-checksum cannot compare these servers: {pair.pt_refusal} ***")
        costs, counted, by_table, loads = {}, {}, {}, {}
        if "pass" in parts:
            costs = passes(pair, rounds)
            show_passes(pair, costs, about["logical_bytes"])
            show_costs(pair, costs)
        if "cost" in parts:
            counted = perf_instructions(pair)
        if "instructions" in parts:
            by_table = instructions.run(FOLDER, pair.kind)
        if "load" in parts:
            loads = load.run(pair, rounds)
        aims(pair, costs, counted, by_table, loads)
        results = {"about": about, "instructions_per_row": counted, "instructions_by_table": by_table, "load": loads,
                   "pt_refusal": pair.pt_refusal,
                   "passes": {name: [{"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "peak_bytes": cost.peak_bytes,
                                      "network_bytes": cost.network_bytes} for cost in all_] for name, all_ in costs.items()}}
        path = FOLDER / f"verify-{kind.name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.json"
        path.write_text(json.dumps(results, indent=1) + "\n")
        print(f"\nwritten to {path}")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    mb = int(os.environ.get("BENCH_MB") or 1600)
    rounds = int(os.environ.get("BENCH_ROUNDS") or 5)
    parts = (os.environ.get("BENCH_PARTS") or " ".join(PARTS)).replace(",", " ").split()
    if set(parts) - set(PARTS):
        raise LabError(f"BENCH_PARTS: there are {', '.join(PARTS)}")
    chosen = [kinds.find(name) for name in (os.environ.get("BENCH_KINDS") or "mariadb,mysql").replace(",", " ").split()]
    for program in contenders.absent():
        print(f"*** no {program} on this machine: left out (make deps-bench) ***")
    for kind in chosen:
        one_kind(kind, mb, rounds, parts)


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(f"bench-verify: {error}")
