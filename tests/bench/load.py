# SPDX-License-Identifier: MIT
"""What the users of the source notice: sysbench writes while the contenders verify, as fast as it can and at a fixed rate.

A window is some seconds of writing with one contender at work all the time, one pass after the other. What the writers
reach alone differs by a third from one minute to the next, so there is a window without any contender before and behind
each, and a contender is compared with the mean of these two; the contenders of a round are in another order each time.
"""

import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.procs import LabError

from . import contenders, data, report

WINDOW_S = 5
WARM_UP_S = 1         # the contender works already when the writers begin
THREADS = 4
RATE_TPS = 300
KINDS = (("closed", 0, 2), ("rate", RATE_TPS, 2))  # name, transactions a second (0: what there is), windows a round
SLOW_S = 0.005        # statements shorter than this are not written down
STATEMENT_CHARS = 160
NONE = "nobody"


@dataclass(frozen=True)
class Guest:
    """Who verifies during a window. argv is None for nobody; user is whom it logs in as."""

    name: str
    argv: list | None
    user: str
    about: str


@dataclass
class Window:
    tps: float
    p99_ms: float
    worst_ms: float            # of the writers' transactions
    guest_longest_ms: float    # of the guest's statements on the source; 0 when none took SLOW_S
    writers_longest_ms: float  # of theirs
    guest_statement: str       # the beginning of that statement of the guest
    guest_rows: int            # compared while they wrote, as cutover counts them
    alone_tps: float = 0.0     # of the windows beside this one, without a guest
    alone_p99_ms: float = 0.0


def run(pair, rounds):
    """{"closed": {guest: [Window of each round]}, "rate": {...}} as plain dicts; prints both."""
    if not shutil.which("sysbench"):
        print("\n*** writes while verifying SKIPPED: no sysbench here (make deps-bench) ***")
        return {}
    guests = _chosen("BENCH_GUESTS", _guests(pair), lambda guest: guest.name, always=1)
    print("\n" + "\n".join(f"  {guest.name:<15} {guest.about}" for guest in guests))
    found = {}
    for kind, rate, windows in _chosen("BENCH_LOADS", KINDS, lambda kind: kind[0]):
        found[kind] = {guest.name: [] for guest in guests}
        chooser = random.Random(2)
        nobody, *others = guests
        for number in range(rounds * windows):
            _round(lambda guest, rate=rate: _window(pair, guest, rate), nobody, chooser.sample(others, len(others)), found[kind])
            print(f"  {kind}, round {number + 1}: " + ", ".join(
                f"{name} {all_[-1].tps:.0f} tps p99 {all_[-1].p99_ms:.1f} ms" for name, all_ in found[kind].items()), flush=True)
        _show(kind, found[kind])
    return {kind: {name: [asdict(window) for window in all_] for name, all_ in guests_.items()}
            for kind, guests_ in found.items()}


def _chosen(variable, listed, name, always=0):
    """What the environment asks for, by name, separated by commas; all of it when it does not. The first `always` anyway."""
    wanted = [word.strip() for word in os.environ.get(variable, "").split(",") if word.strip()]
    unknown = set(wanted) - {name(item) for item in listed}
    if unknown:
        raise LabError(f"{variable}: there are {', '.join(name(item) for item in listed)}, but no {', '.join(sorted(unknown))}")
    return [item for number, item in enumerate(listed) if number < always or not wanted or name(item) in wanted]


def aims(loads):
    """The aims of what run() answered; without values when it was not run."""
    def median(kind, guest, what):
        windows = loads.get(kind, {}).get(guest)
        return statistics.median(window[what] for window in windows) if windows else None

    def kept(guest):
        """The share of the writers' transactions that is left, for each window of a guest."""
        return [window["tps"] / window["alone_tps"] for window in loads.get("closed", {}).get(guest, [])]

    def medians(kind, guest, what):
        """Of all windows: the slowest of a hundred writes differ by five times between two windows of the writers alone."""
        with_, without = median(kind, guest, what), median(kind, NONE, what)
        return with_ / without if with_ and without else None

    shares = kept("gentle")
    lost = 100 * (1 - statistics.median(shares)) if shares else None
    return [
        report.Aim("longest statement added, closed loop, default", median("closed", "default", "guest_longest_ms"), 50, unit=" ms"),
        report.Aim("longest statement added, closed loop, gentle", median("closed", "gentle", "guest_longest_ms"), 50, unit=" ms"),
        report.Aim(f"p99 of the writers at {RATE_TPS} tps, gentle / none, medians", medians("rate", "gentle", "p99_ms"), 2),
        report.Aim("writes lost in a closed loop, gentle", lost, 10, unit=" %"),
    ]


def _guests(pair):
    guests = [Guest(NONE, None, "", "the writers alone"),
              Guest("default", pair.argv(*contenders.verify_words(pair)), "cutover", "cutover verify")]
    if pair.gentle:
        guests.append(Guest("gentle", pair.argv(*contenders.verify_words(pair), cfg=pair.gentle), "cutover",
                            f"cutover verify with verify = {pair.GENTLE}"))
    else:
        print("\n*** gentle mode SKIPPED: this cutover does not read its settings ***")
    if not pair.pt_refusal:
        guests.append(Guest("pt default", contenders.pt_argv(pair), contenders.TOOLS.user, "pt-table-checksum with its defaults"))
    return guests


def _round(window, nobody, guests, found):
    """Each guest between two windows of the writers alone, which are the next guest's, too; into found[its name]."""
    before = window(nobody)
    found[nobody.name].append(before)
    for guest in guests:
        seen, behind = window(guest), window(nobody)
        seen.alone_tps = statistics.mean((before.tps, behind.tps))
        seen.alone_p99_ms = statistics.mean((before.p99_ms, behind.p99_ms))
        found[guest.name].append(seen)
        found[nobody.name].append(behind)
        before = behind


def _window(pair, guest, rate):
    writer = pair.roles["app"]
    with _SlowLog(pair.old) as slow, _AtWork(guest) as work:
        time.sleep(WARM_UP_S if guest.argv else 0)
        said = _sysbench(pair, writer, rate)
    pair.caught_up()
    return Window(tps=_number(said, r"transactions:.*\((\S+) per sec"), p99_ms=_number(said, r"99th percentile:\s+(\S+)"),
                  worst_ms=_number(said, r"max:\s+(\S+)"), guest_longest_ms=slow.longest_ms(guest.user),
                  writers_longest_ms=slow.longest_ms(writer.user), guest_statement=slow.longest(guest.user)[1],
                  guest_rows=work.rows)


def _sysbench(pair, account, rate):
    rows = min(count for table, count in pair.rows.items() if table.startswith("sbtest"))
    argv = ["sysbench", "oltp_write_only", f"--tables={data.NARROW_TABLES}", f"--table-size={rows}", f"--threads={THREADS}",
            f"--time={WINDOW_S}", f"--rate={rate}", "--percentile=99", "--db-ps-mode=auto", "--mysql-ignore-errors=1213,1205,1020",
            f"--mysql-host={pair.old.address}", f"--mysql-port={pair.old.port}", f"--mysql-user={account.user}",
            f"--mysql-password={account.password}", f"--mysql-db={data.SCHEMA}", "run"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=WINDOW_S + 120, check=False)
    if done.returncode:
        raise LabError(f"sysbench: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _number(text, pattern):
    found = re.search(pattern, text)
    if not found:
        raise LabError(f"no {pattern} in\n{text}")
    return float(found[1])


class _AtWork:
    """A guest at work from __enter__ to __exit__. A pass that ends by itself must have found both sides equal."""

    def __init__(self, guest):
        self.rows = 0
        self._argv = guest.argv
        self._stop = threading.Event()
        self._error = None
        self._thread = threading.Thread(target=self._work)

    def __enter__(self):
        if self._argv:
            self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        if self._argv:
            self._thread.join()
        if self._error and kind is None:
            raise self._error

    def _work(self):
        while not self._stop.is_set() and not self._error:
            with subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True) as popen:
                watch = threading.Thread(target=self._end, args=(popen,))
                watch.start()
                output, said = popen.communicate()
                watch.join()
            counts = re.findall(r"(\d+) rows", said)
            self.rows += int(counts[-1]) if counts else 0
            if popen.returncode and not self._stop.is_set():
                self._error = LabError(f"{' '.join(self._argv)}: exit {popen.returncode}\n{said}{output}")

    def _end(self, popen):
        while popen.poll() is None:
            if self._stop.wait(0.05):
                popen.send_signal(signal.SIGTERM)
                return


class _SlowLog:
    """Which statements took longer than SLOW_S, by whom."""

    def __init__(self, server):
        self._server = server
        self._path = server.data / f"slow-{time.monotonic_ns()}.log"
        self._longest = {}

    def __enter__(self):
        self._server.query(f"SET GLOBAL slow_query_log_file = '{self._path.name}'; SET GLOBAL long_query_time = {SLOW_S};"
                           " SET GLOBAL slow_query_log = ON")
        return self

    def __exit__(self, *_):
        self._server.query("SET GLOBAL slow_query_log = OFF; SET GLOBAL long_query_time = 10")
        self._longest = longest_by_user(self._path)
        self._path.unlink(missing_ok=True)

    def longest(self, user):
        """(seconds, text); nothing took as long as SLOW_S: zero and no text."""
        return self._longest.get(user, (0.0, ""))

    def longest_ms(self, user):
        return 1000 * self.longest(user)[0]


def longest_by_user(path: Path):
    """{user: (seconds, beginning of the statement)} of a slow query log."""
    longest = {}
    text = path.read_text(errors="replace") if path.exists() else ""
    for entry in re.split(r"^# User@Host: ", text, flags=re.MULTILINE)[1:]:
        user = entry.split("[")[0].strip()
        took = float(re.search(r"^# Query_time: (\S+)", entry, re.MULTILINE)[1])
        lines = [line for line in entry.splitlines()[1:] if not line.startswith(("#", "SET timestamp=", "use "))]
        if took > longest.get(user, (0.0, ""))[0]:
            longest[user] = (took, " ".join(lines)[:STATEMENT_CHARS])
    return longest


def _show(kind, found):
    what = f"{THREADS} writers as fast as they can" if kind == "closed" else f"writers at {RATE_TPS} transactions/s"
    rows = []
    for name, windows in found.items():
        def column(field, windows=windows):
            return [getattr(window, field) for window in windows]
        is_alone = name == NONE
        compared = f"{statistics.median(column('guest_rows')) / WINDOW_S / 1e3:.0f}" if any(column("guest_rows")) else "-"
        rows.append([
            name, *report.spread(column("tps"), "{:.0f}"), "-" if is_alone else report.ratio(column("tps"), column("alone_tps")),
            *report.spread(column("p99_ms"), "{:.1f}"),
            "-" if is_alone else report.ratio(column("p99_ms"), column("alone_p99_ms")), f"{max(column('worst_ms')):.0f}",
            report.spread(column("guest_longest_ms"), "{:.0f}")[1], f"{max(column('guest_longest_ms')):.0f}",
            f"{max(column('writers_longest_ms')):.0f}", compared])
    report.table(f"{what}, {WINDOW_S} s each, while this one verifies",
                 ["", "tps min", "med", "max", "tps / alone", "p99 ms min", "med", "max", "p99 / alone", "worst ms",
                  "its longest stmt ms med", "max", "writers' longest ms", "compared krows/s"], rows)
    for name, windows in found.items():
        worst = max(windows, key=lambda window: window.guest_longest_ms)
        if worst.guest_statement:
            print(f"  {name}, {worst.guest_longest_ms:.0f} ms: {worst.guest_statement}", flush=True)
