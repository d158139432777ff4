# SPDX-License-Identifier: MIT
"""`make bench-cutover`: how long is nobody's write accepted while a service changes sides, as its clients see it?

Two servers with durable commits on loopback, linked both ways; `cutover run` moves the writers there and back in fenced
mode, over and over. The clients (pause_client.c) hold a connection to each side, insert one row after the other, and try
the other side 1 ms after they were refused (64 of them 8 ms after, each at another time: they share the machine with the
servers): what is measured is the servers' pause, not that of any DNS. The loads take turns, in another order each round, so that what else the machine does hits all of them alike. After each turn every row
is looked for on both sides: a write that is lost or doubled fails the bench. A slow machine fails nothing.

  gap       the longest time in which no write at all was acknowledged, from when one side began to be closed
  stall     the longest time in which some client, whichever had the worst luck, had no write acknowledged, while the step
            that crosses ran: its checks, whatever slows writers down beforehand, and the pause
  across    of those stalls, the longest that reaches into the switch: the last pulse, the pause and finding the other side
  alone     gap and stall in a second without a cutover: what the clients' own spacing and the machine's noise amount to
  pause     what the report of the run says

Environment: BENCH_KINDS      kinds of servers, of tests/lab/kinds.py (mariadb,mysql)
             BENCH_CLIENTS    how many clients (8,64)
             BENCH_LOADS      of: paced, saturated (both on MariaDB; on MySQL, which cannot hold writers back, paced)
             BENCH_RATE       writes a second of all clients together when paced (1000)
             BENCH_CROSSINGS  cutovers for each kind, number of clients and load (30)
             BENCH_MINUTES    no cutover begins later, and fewer of each are what there is (12)
             ORCHESTRATOR     path of an orchestrator binary, to measure its graceful takeover beside (none)
             BENCH_FOLDER     where the servers live (BUILD/bench); /dev/shm leaves out what the disk's moods add
             BUILD            whose cutover; results are in BUILD/bench
"""

import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import kinds
from tests.lab.procs import LabError

from . import gaps, orchestrator, report
from .clients import Clients, Load
from .crossing import TABLE, Service
from .verify import BUILD, FOLDER, environment

CLIENT = FOLDER / "pause_client"
PLACE = Path(os.environ.get("BENCH_FOLDER") or FOLDER)  # where the servers live
LOADS = ("paced", "saturated")
TURN_CROSSINGS = {True: 6, False: 2}  # of one load, paced or not, before the next one has its turn: one takes 2 s, or 10
WARM_UP_S = 0.5
ALONE_WINDOWS = 2
ALONE_S = 1.0
REST_S = 0.3           # between two crossings; a stall that began in one has its end here
REFUSALS = 2           # in a row end the turn: a run that does not cross is no sample
FORECAST_FACTOR = 2
NAMES = {"elsewhere": "gap before in the run", "stall_across": "stall across the switch"}
SPREAD = ("n", "min", "med", "p95", "max")

# In ms, by flavour.
PAUSE_AIMS = {"mariadb": {"median": 10, "p95": 50}, "mysql": {"median": 30, "p95": 150}}
STALL_AIM_MS = {"mariadb": 60}
ORCHESTRATOR_TIMES = 20


@dataclass
class Found:
    """Of one kind of servers under one load. All in ms, one a crossing (alone: one a window)."""

    gap: list = field(default_factory=list)
    stall: list = field(default_factory=list)
    stall_at: list = field(default_factory=list)    # when it began, from the closing on: before that it is below 0
    switch: list = field(default_factory=list)
    stall_across: list = field(default_factory=list)  # the longest stall of those that reach into the switch
    elsewhere: list = field(default_factory=list)   # longest gap of the run before a side was closed
    pause: list = field(default_factory=list)
    forecast: list = field(default_factory=list)
    told: list = field(default_factory=list)  # the forecast's sentence, with its parts
    alone_gap: list = field(default_factory=list)
    alone_stall: list = field(default_factory=list)
    alone_rate: list = field(default_factory=list)
    run: list = field(default_factory=list)         # how long the whole run took
    parts: dict = field(default_factory=dict)       # {name: [ms]}
    refused: list = field(default_factory=list)     # what was said by runs that did not cross
    refused_stall: list = field(default_factory=list)
    errors: Counter = field(default_factory=Counter)
    acknowledged: int = 0
    complaints: list = field(default_factory=list)  # about the ledger


def now_us():
    return time.monotonic_ns() // 1000


# --- measuring -------------------------------------------------------------------------------------------------------

def turn(service, load, crossings, deadline_s, found):
    """One load at work from nothing to the ledger: some time without a cutover, then `crossings` of them. Each begins with
    nothing in flight: saturated writers would be further ahead of the other side with every second."""
    service.begin()
    with Clients(CLIENT, service.lab.root, load, service.sides.values(), service.account, TABLE, service.open_side) as clients:
        time.sleep(WARM_UP_S)
        begins_us = []
        for _ in range(ALONE_WINDOWS):
            begins_us.append(now_us())
            time.sleep(ALONE_S)
        taken = []
        while wants_more(taken, crossings) and time.monotonic() < deadline_s:
            clients.hold()
            service.settle()
            clients.go()
            time.sleep(WARM_UP_S)
            taken.append(service.cross(load.is_paced))
            time.sleep(REST_S)
        clients.stop()
    for begin_us in begins_us:
        note_alone(clients.writes, begin_us, begin_us + int(ALONE_S * 1e6), found)
    for crossing in taken:
        note_crossing(clients.writes, crossing, found)
    found.errors.update(clients.errors)
    found.acknowledged += len(clients.writes)
    service.settle()
    found.complaints += [f"{service.kind.name}, {load.name}, on {side}: {verdict}"
                         for side, verdict in service.verdicts(clients.writes).items() if not verdict.is_clean]


def wants_more(taken, crossings):
    has_given_up = len(taken) >= REFUSALS and not any(crossing.is_done for crossing in taken[-REFUSALS:])
    return not has_given_up and sum(crossing.is_done for crossing in taken) < crossings


def note_alone(writes, begin_us, end_us, found):
    gap, stall = writes.longest_gap(begin_us, end_us), writes.longest_stall(begin_us, end_us)
    if gap and stall:
        found.alone_gap.append(gap.ms)
        found.alone_stall.append(stall.ms)
        found.alone_rate.append(writes.rate(begin_us, end_us))


def first_error(crossing):
    """What it gave as the reason, without the time."""
    errors = [line.partition("ERROR ")[2] for line in crossing.said.splitlines() if "ERROR " in line]
    return errors[0] if errors else f"exit {crossing.code}"


def note_crossing(writes, crossing, found):
    window = crossing.window_us
    stall = writes.longest_stall(*(window or (crossing.began_us, crossing.ended_us)))
    if not crossing.is_done:
        found.refused.append(first_error(crossing))
        found.refused_stall.append(stall.ms if stall else None)
        return
    closed = crossing.closed_us
    gap, switch = writes.longest_gap(*closed), writes.switch(closed[0], closed[1] + int(REST_S * 1e6), gaps.SIDES[crossing.to])
    if not gap or not stall:
        raise LabError("the clients' writes do not reach around a crossing")
    if not switch:
        found.complaints.append(f"a crossing to {crossing.to}: writes did not change sides exactly once")
    before = writes.longest_gap(crossing.began_us, closed[0])
    found.gap.append(gap.ms)
    found.stall.append(stall.ms)
    found.stall_at.append((stall.began_us - closed[0]) / 1000)
    found.switch.append(switch.ms if switch else None)
    across = writes.longest_stall(switch.began_us, switch.ended_us) if switch else None
    found.stall_across.append(across.ms if across else None)
    found.elsewhere.append(before.ms if before else None)
    found.pause.append(crossing.pause_ms)
    found.forecast.append(crossing.forecast_ms)
    found.told.append(crossing.note("forecast"))
    found.run.append((crossing.ended_us - crossing.began_us) / 1000)
    for name, ms in crossing.parts():
        found.parts.setdefault(name, []).append(ms)


def measure(kind, loads, crossings, deadline_s, found):
    """Fill in {Load: Found} for one kind of servers, as far as there is time."""
    chooser = random.Random(1)
    left = {load: crossings for load in loads}
    with Service(PLACE, kind) as service:
        while any(left.values()) and time.monotonic() < deadline_s:
            for load in chooser.sample(loads, len(loads)):
                now = min(left[load], TURN_CROSSINGS[load.is_paced])
                left[load] -= now
                if now and time.monotonic() < deadline_s:
                    before = len(found[load].gap)
                    turn(service, load, now, deadline_s, found[load])
                    show_turn(load, found[load], before)


# --- showing ---------------------------------------------------------------------------------------------------------

def show_turn(load, found, before):
    gap = ", ".join(f"{ms:.1f}" for ms in found.gap[before:])
    refused = f"; {len(found.refused)} did not cross so far, the last one: {found.refused[-1]}" if found.refused else ""
    print(f"  {load.name}: gap {gap or '-'} ms{refused}", flush=True)


def known(values):
    return [value for value in values if value is not None]


def show(kind, found):
    rows = []
    for load, all_ in found.items():
        for name in ("alone_gap", "gap", "switch", "pause", "alone_stall", "stall", "stall_across", "elsewhere"):
            values = known(getattr(all_, name))
            if values:
                rows.append([f"{load.name}: {NAMES.get(name, name.replace('_', ' '))}",
                             *gaps.Spread.of(values).cells()])
    report.table(f"{kind}: milliseconds without an acknowledged write", ["", *SPREAD], rows)
    for load, all_ in found.items():
        rate = gaps.Spread.of(all_.alone_rate).median if all_.alone_rate else 0
        errors = ", ".join(f"{code}: {count}" for code, count in sorted(all_.errors.items())) or "none"
        print(f"  {load.name}: {all_.acknowledged} writes acknowledged, {rate:.0f}/s alone; a run takes "
              f"{gaps.Spread.of(all_.run).median if all_.run else 0:.0f} ms; {len(all_.refused)} runs did not cross; errors {errors}")
        for said in sorted(set(all_.refused)):
            print(f"    {all_.refused.count(said)} x {said}")
        if all_.stall:
            worst = max(range(len(all_.stall)), key=all_.stall.__getitem__)
            print(f"    the longest stall, {all_.stall[worst]:.1f} ms, began {all_.stall_at[worst]:+.1f} ms from the closing")
        stalls = known(all_.refused_stall)
        if stalls:
            print(f"    in runs that did not cross, the longest stall: {max(stalls):.1f} ms")


def show_parts(kind, found):
    names = list(dict.fromkeys(name for all_ in found.values() for name in all_.parts))
    rows = []
    for load, all_ in found.items():
        for name in names:
            if name in all_.parts:
                rows.append([f"{load.name}: {name}", *gaps.Spread.of(all_.parts[name]).cells()])
    report.table(f"{kind}: from the closing of one side to the opening of the other, by part, ms (from the journal)",
                 ["", *SPREAD], rows)


def documented(results):
    """The table of docs/pause.md."""
    lines = ["| ms | n | alone: gap med | p95 | cutover: gap med | p95 | max | alone: stall max | cutover: stall p95 | max |"
             " pause med | forecast within a factor of 2 | did not cross |", "|" + "---|" * 13]
    for kind, found in results.items():
        for load, all_ in found.items():
            cells = ["-"] * 9
            if all_.gap and all_.alone_gap:
                alone, gap, stall = (gaps.Spread.of(values) for values in (all_.alone_gap, all_.gap, all_.stall))
                pause = known(all_.pause)
                cells = [f"{ms:.1f}" for ms in (alone.median, alone.p95, gap.median, gap.p95, gap.most, max(all_.alone_stall),
                                                stall.p95, stall.most)] + [f"{gaps.Spread.of(pause).median:.1f}" if pause else "-"]
            share = gaps.share_within(forecast_pairs(all_, "gap"), FORECAST_FACTOR)
            lines.append("| " + " | ".join([f"{kind}, {load.name}", str(len(all_.gap)), *cells,
                                            "-" if share is None else f"{100 * share:.0f} %", str(len(all_.refused))]) + " |")
    return "\n".join(lines) + "\n"


def forecast_pairs(all_, outcome):
    return [(forecast, seen) for forecast, seen in zip(all_.forecast, getattr(all_, outcome))
            if forecast is not None and seen is not None]


def show_forecasts(kind, found):
    rows = []
    for load, all_ in found.items():
        for outcome in ("pause", "gap"):
            pairs = forecast_pairs(all_, outcome)
            if pairs:
                ratios = [seen / forecast for forecast, seen in pairs if forecast]
                rows.append([f"{load.name}: {outcome}", f"{gaps.Spread.of([f for f, _ in pairs]).median:.1f}",
                             *gaps.Spread.of(ratios).cells("{:.2f}"),
                             f"{100 * gaps.share_within(pairs, FORECAST_FACTOR):.0f} %"])
    report.table(f"{kind}: outcome / forecast", ["", "forecast med ms", *SPREAD,
                                                 f"within a factor of {FORECAST_FACTOR}"], rows)


def aims(kind, found, beside):
    """Every aim for one kind of servers."""
    listed = []
    for load, all_ in found.items():
        spread = gaps.Spread.of(all_.gap) if all_.gap else None
        if load.is_paced:
            for what, limit in PAUSE_AIMS[kind.flavour].items():
                listed.append(report.Aim(f"{kind.name}, {load.name}: {what} gap", spread and getattr(spread, what), limit,
                                         unit=" ms"))
        elif kind.flavour in STALL_AIM_MS:
            longest = max(known(all_.stall + all_.refused_stall)) if all_.stall else None
            listed.append(report.Aim(f"{kind.name}, {load.name}: longest stall of any writer", longest,
                                     STALL_AIM_MS[kind.flavour], unit=" ms", why="no run crossed"))
        theirs = beside.get(load)
        listed.append(report.Aim(f"{kind.name}, {load.name}: times as short as orchestrator's",
                                 gaps.Spread.of(theirs).median / spread.median if theirs and spread else None,
                                 ORCHESTRATOR_TIMES, is_least=True, why=orchestrator.why_not() or "not measured"))
        for outcome in ("pause", "gap"):
            share = gaps.share_within(forecast_pairs(all_, outcome), FORECAST_FACTOR)
            listed.append(report.Aim(f"{kind.name}, {load.name}: forecasts within a factor of {FORECAST_FACTOR} of the {outcome}",
                                     None if share is None else 100 * share, 90, is_least=True, unit=" %"))
    return listed


# -------------------------------------------------------------------------------------------------------------------

def words(name, fallback):
    return (os.environ.get(name) or fallback).replace(",", " ").split()


def chosen_loads(kind):
    rate = int(os.environ.get("BENCH_RATE") or 1000)
    names = words("BENCH_LOADS", ",".join(LOADS if kind.flavour in STALL_AIM_MS else LOADS[:1]))
    if set(names) - set(LOADS):
        raise LabError(f"BENCH_LOADS: there are {', '.join(LOADS)}")
    return [Load(int(clients), rate if name == "paced" else 0) for name in names for clients in words("BENCH_CLIENTS", "8,64")]


def one_kind(kind, loads, crossings, deadline_s):
    """(found, orchestrator's beside it, what went wrong). What was measured before something went wrong is shown as well."""
    print(f"\n{kind}, {crossings} cutovers of each:", flush=True)
    found, beside, failure = {load: Found() for load in loads}, {}, []
    try:
        measure(kind, loads, crossings, deadline_s, found)
        beside = orchestrator.measure(FOLDER, kind, CLIENT, loads) if orchestrator.can_measure(kind) else {}
    except LabError as error:
        failure = [str(error)]
    show(kind, found)
    show_parts(kind, found)
    show_forecasts(kind, found)
    if beside:
        report.table(f"{kind}: orchestrator's graceful takeover, gap in ms", ["", *SPREAD],
                     [[load.name, *gaps.Spread.of(values).cells()] for load, values in beside.items() if values])
    return found, beside, failure + [complaint for all_ in found.values() for complaint in all_.complaints]


def main():
    sys.stdout.reconfigure(line_buffering=True)
    crossings = int(os.environ.get("BENCH_CROSSINGS") or 30)
    chosen = {kind: chosen_loads(kind) for kind in (kinds.find(name) for name in words("BENCH_KINDS", "mariadb,mysql"))}
    load_s = float(os.environ.get("BENCH_MINUTES") or 12) * 60 / sum(len(loads) for loads in chosen.values())
    FOLDER.mkdir(parents=True, exist_ok=True)
    about = {**environment(), "crossings": crossings, "servers": [str(kind) for kind in chosen], "load": os.getloadavg()[0]}
    print(json.dumps(about))
    if about["load"] > os.cpu_count() / 2:
        print(f"*** this machine is busy: {about['load']:.1f} processes want one of its {os.cpu_count()} CPUs already ***")
    if orchestrator.why_not():
        print(f"*** orchestrator SKIPPED: {orchestrator.why_not()} ***")
    results, beside_all, listed, complaints = {}, {}, [], []
    for kind, loads in chosen.items():
        found, beside, complained = one_kind(kind, loads, crossings, time.monotonic() + load_s * len(loads))
        complaints += complained
        listed += aims(kind, found, beside)
        results[str(kind)] = found
        beside_all[str(kind)] = {load.name: values for load, values in beside.items()}
    report.aims(listed)
    path = FOLDER / f"cutover-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.json"
    plain = {kind: {load.name: vars(all_) for load, all_ in found.items()} for kind, found in results.items()}
    path.write_text(json.dumps({"about": about, "found": plain, "orchestrator": beside_all,
                                "aims": [aim.row() for aim in listed]}, indent=1) + "\n")
    path.with_suffix(".md").write_text(documented(results))
    print("\nThe table of docs/pause.md:\n\n" + documented(results))
    print(f"\nwritten to {path}, and as a table to {path.with_suffix('.md').name}")
    if complaints:
        raise LabError("\n  ".join(complaints))
    print("ledger: every acknowledged write is on both sides exactly once; none that was refused is there")


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(f"bench-cutover: {error}")
