#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run suites of tests and say at the very end, alone on a line, 'N passed, N failed'.

    tests/run.py SUITE...        of the names in SUITES; the Makefile's test targets are this with one or more names

Environment: BUILD (folder of the plain build), MAKE.
Results:     BUILD/test-results/: what each suite printed (cmocka's TAP, pytest's JUnit file) and summary.json.
A suite that cannot be built, crashes, hangs or reports nothing counts as one failure; it is never passed over.
Exit code:   0 only when something passed and nothing failed.
"""

import collections
import concurrent.futures
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("BUILD") or "build")
RESULTS = ROOT / BUILD / "test-results"
CPUS = os.cpu_count() or 1
UNIT_TIMEOUT_S = 120

Suite = collections.namedtuple("Suite", "about run argument")


class Tally(collections.namedtuple("Tally", "passed failed skipped", defaults=(0, 0, 0))):
    def __add__(self, other):
        return Tally(*(a + b for a, b in zip(self, other)))

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def make(*words):
    """Run make; did it work? Its output goes to the terminal."""
    command = [os.environ.get("MAKE") or "make", "--no-print-directory", "--keep-going", *words]
    if "jobserver" not in os.environ.get("MAKEFLAGS", ""):
        command.insert(1, f"-j{CPUS}")
    return subprocess.call(command, cwd=ROOT) == 0


# --- TAP: unit tests and lint --------------------------------------------------------------------------------------

def tally_tap(text, exit_code):
    """Count the lines of a TAP report. Plans without their tests, and an exit code without a failed test, are failures."""
    planned = sum(int(count) for count in re.findall(r"^1\.\.(\d+)", text, re.MULTILINE))
    lines = re.findall(r"^(not )?ok\b(.*)$", text, re.MULTILINE)
    is_skip = re.compile(r"#\s*skip\b", re.IGNORECASE).search  # cmocka says "not ok" to a test that skips itself
    skipped = sum(1 for _, rest in lines if is_skip(rest))
    failed = sum(1 for bad, rest in lines if bad and not is_skip(rest))
    passed = len(lines) - failed - skipped
    unreported = max(planned - len(lines), 0)
    if unreported or not lines or (exit_code != 0 and not failed):
        failed += max(unreported, 1)
    return Tally(passed, failed, skipped)


def run_unit_binary(binary, environment, wrapper, log_folder):
    try:
        done = subprocess.run([*wrapper, binary], cwd=ROOT, env=environment, timeout=UNIT_TIMEOUT_S, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace") + f"\nno end after {UNIT_TIMEOUT_S} s\n"
        code = -signal.SIGKILL
    (log_folder / f"{binary.name}.tap").write_text(text)
    return text, code


def without_address_randomization():
    """ThreadSanitizer's memory map collides with high-entropy randomization of newer kernels."""
    wrapper = ["setarch", platform.machine(), "--addr-no-randomize"]
    if shutil.which("setarch") and subprocess.call([*wrapper, "true"], stderr=subprocess.DEVNULL) == 0:
        return wrapper
    return []


def run_units(name, sanitizer):
    build = BUILD / name if sanitizer else BUILD
    words = [f"BUILD={build}"] + ([f"SANITIZE={sanitizer}"] if sanitizer else [])
    if not make(*words, "units"):
        print(f"{name}: does not build")
        return Tally(failed=1)
    binaries = [ROOT / build / "unit" / source.stem for source in sorted((ROOT / "tests/unit").glob("test_*.c"))]
    environment = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
                   "TSAN_OPTIONS": "halt_on_error=1"}
    wrapper = without_address_randomization() if sanitizer == "thread" else []
    log_folder = RESULTS / name
    log_folder.mkdir(parents=True, exist_ok=True)

    total = Tally()
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        answers = pool.map(lambda binary: run_unit_binary(binary, environment, wrapper, log_folder), binaries)
        for binary, (text, code) in zip(binaries, answers):
            tally = tally_tap(text, code)
            if tally.failed:
                print(f"--- {name}: {binary.name}: {tally}, exit code {code}\n{text.rstrip()}")
            total += tally
    return total


def run_lint(name, words):
    if not make(f"BUILD={BUILD}", "all"):
        print(f"{name}: the program does not build")
        return Tally(failed=1)
    done = subprocess.run(["etc/lint/run.sh", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    (RESULTS / f"{name}.tap").write_text(done.stdout)
    tally = tally_tap(done.stdout, done.returncode)
    if tally.failed:
        print(done.stdout.rstrip())
    return tally


def run_model(name, words):
    done = subprocess.run([sys.executable, "tests/model/run.py", "--tap", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                          check=False)
    (RESULTS / f"{name}.tap").write_text(done.stdout)
    tally = tally_tap(done.stdout, done.returncode)
    if tally.failed:
        print(done.stdout.rstrip())
    return tally


# --- pytest: golden, integration, fault ----------------------------------------------------------------------------

def tally_junit(path, exit_code):
    try:
        suites = list(xml.etree.ElementTree.parse(path).iter("testsuite"))
    except (OSError, xml.etree.ElementTree.ParseError):
        return Tally(failed=1)
    count = {key: sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")}
    failed = count["failures"] + count["errors"]
    if exit_code != 0 and not failed:
        failed = 1  # interrupted, crashed, or no test was found
    return Tally(max(count["tests"] - count["failures"] - count["errors"] - count["skipped"], 0), failed,
                 count["skipped"])


def at_once():
    """How many files of tests with real servers run at the same time. They wait for two thirds of their time; the servers of
    each want some memory."""
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    return max(2, min(2 * CPUS, gib // 4))


# Each file of tests has labs of its own: they run side by side, file by file.
SIDE_BY_SIDE = ["-n", str(at_once()), "--dist", "loadfile"]


def run_pytest(name, words, environment=None):
    if not make(f"BUILD={BUILD}", "all"):
        print(f"{name}: the program does not build")
        return Tally(failed=1)
    return pytest_tally(name, words, environment)


def pytest_tally(name, words, environment=None, wrapper=(), output=None):
    report = RESULTS / f"{name}.xml"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(ROOT / BUILD / "pycache"), **(environment or {})}
    code = subprocess.call([*wrapper, sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider",
                            "--durations=5", f"--junitxml={report}", *words], cwd=ROOT, env=environment,
                           stdout=output, stderr=output)
    return tally_junit(report, code)


FAULTS_AT_ONCE = 2  # they judge how long nobody could write: a machine that is full would be to blame for that


def run_apart(name, words):
    """A process for each file of a folder, the longest one first: collecting alone takes servers there. What each says comes
    when it has ended."""
    if not make(f"BUILD={BUILD}", "all"):
        print(f"{name}: the program does not build")
        return Tally(failed=1)
    folder, first, *options = words
    files = sorted((ROOT / folder).glob("test_*.py"), key=lambda path: (path.name != first, path.name))
    with concurrent.futures.ThreadPoolExecutor(FAULTS_AT_ONCE) as pool:
        return sum(pool.map(lambda path: one_apart(f"{name}-{path.stem}", path, options), files), Tally())


def one_apart(name, path, options):
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        tally = pytest_tally(name, [str(path.relative_to(ROOT)), *options], output=output)
        output.seek(0)
        print(f"--- {path.name}\n{output.read().rstrip()}", flush=True)
    return tally


NO_SERVERS = ("test_cloudflare.py", "test_dialects.py", "test_dns.py", "test_lab.py", "test_ledger_check.py")
# These choose the kinds of their servers themselves: once for each client library is enough.
SERVERS_OF_THEIR_OWN = ("test_change_log.py", "test_conflicts.py", "test_io_db.py", "test_lab_kinds.py", "test_seed_clone.py",
                        "test_seed_kills.py", "test_seed_pairs.py", "test_seed_series.py", "test_sql_real.py", "test_upgrade_checks.py",
                        "test_verify_objects.py", "test_verify_repair.py", "test_walk.py")


def servers_matter(left_out=NO_SERVERS + SERVERS_OF_THEIR_OWN):
    """The words for pytest that choose the integration tests whose outcome may depend on the kind of the servers."""
    return ["tests/integration", *[f"--ignore=tests/integration/{name}" for name in left_out]]


def run_on(name, kind):
    """The integration tests with servers of another kind on both sides; skipped, loudly, where there are none."""
    if not (ROOT / (os.environ.get("SERVERS") or "build/servers") / kind / "packages").exists():
        print(f"\n*** {name} SKIPPED: there are no {kind} servers here; `make deps-{kind}` fetches them, or says why not ***\n")
        return Tally(skipped=1)
    return run_pytest(name, [*servers_matter(), *SIDE_BY_SIDE], {"CUTOVER_LAB_OLD": kind, "CUTOVER_LAB_NEW": kind})


def run_seed_kills(name, pattern):
    """The cells of tests/integration/test_seed_kills.py whose name has this pattern, or CUTOVER_SEED_CELLS."""
    pattern = os.environ.get("CUTOVER_SEED_CELLS") or pattern
    return run_pytest(name, ["tests/integration/test_seed_kills.py", "-rf"], {"CUTOVER_SEED_CELLS": pattern})


def run_planted(name, kinds):
    """tests/integration/test_verify_planted.py in full, with servers of each of these kinds on both sides."""
    words = ["tests/integration/test_verify_planted.py", "-rP"]
    tallies = [run_pytest(f"{name}-{kind}", words, {"CUTOVER_VERIFY_FULL": "1", "CUTOVER_LAB_OLD": kind, "CUTOVER_LAB_NEW": kind})
               for kind in kinds]
    return sum(tallies, Tally())


# --- the whole program under a sanitizer ---------------------------------------------------------------------------

# Where threads work beside the driver: seed and verify workers, log readers, the prover, the conflict finder, samplers.
THREADS_AT_WORK = [f"tests/integration/test_{name}.py" for name in ("story", "proof", "verify_pass", "conflicts")]
OPTIONS_OF = {"address": {"ASAN_OPTIONS": "exitcode=99", "LSAN_OPTIONS": "suppressions={tests}/fuzz/lsan.txt:print_suppressions=0",
                          "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"},
              "thread": {"TSAN_OPTIONS": "exitcode=99:history_size=4:suppressions={tests}/tsan.txt"}}


def run_sanitized(name, argument):
    """Integration tests with a program and check programs that were built with a sanitizer. It writes what it finds to
    files: each is a failure, also of a process whose exit code nobody looks at."""
    sanitizer, words = argument
    build = BUILD / name
    logs = RESULTS / name
    logs.mkdir(parents=True, exist_ok=True)
    environment = {"BUILD": str(build), "SANITIZE": sanitizer}
    for variable, options in OPTIONS_OF[sanitizer].items():
        environment[variable] = options.format(tests=ROOT / "tests") + f":log_path={logs}/found"
    if not make(f"BUILD={build}", f"SANITIZE={sanitizer}", "all"):
        print(f"{name}: the program does not build")
        return Tally(failed=1)
    wrapper = without_address_randomization() if sanitizer == "thread" else []
    tally = pytest_tally(name, [*words, *SIDE_BY_SIDE], environment, wrapper)
    found = sorted(logs.glob("found.*"))
    for path in found:
        print(f"--- {name}: {path}\n{path.read_text(errors='replace').rstrip()}")
    return tally + Tally(failed=len(found))


# -------------------------------------------------------------------------------------------------------------------

SUITES = {
    "lint": Suite("everything that is checked without running the program's work", run_lint, []),
    "lint-quick": Suite("the part of lint that takes a few seconds", run_lint, ["--quick"]),
    "model": Suite("the model of the cutover protocol, and that each of its guards is needed", run_model, []),
    "unit": Suite("tests/unit", run_units, None),
    "asan": Suite("tests/unit under AddressSanitizer and UndefinedBehaviorSanitizer", run_units, "address"),
    "tsan": Suite("tests/unit under ThreadSanitizer", run_units, "thread"),
    "integration-asan": Suite("tests/integration under AddressSanitizer and UndefinedBehaviorSanitizer",
                              run_sanitized, ("address", ["tests/golden", "tests/integration"])),
    "integration-tsan": Suite("commands with many threads on real servers under ThreadSanitizer", run_sanitized,
                              ("thread", THREADS_AT_WORK)),
    "golden": Suite("tests/golden, and the arithmetic of the benches", run_pytest, ["tests/golden", "tests/bench"]),
    "integration": Suite("tests/integration", run_pytest, ["tests/integration", *SIDE_BY_SIDE]),
    "browser": Suite("the dashboard in chromium, during a cutover; pictures are kept in test-results/browser", run_pytest,
                     ["tests/browser"]),
    "mysql": Suite("the tests of tests/integration that depend on the servers, with MySQL on both sides", run_on, "mysql"),
    "verify-full": Suite("every planted difference alone in every mode, a thousand comparisons without a false alarm",
                         run_planted, ["mariadb-10.11", "mysql"]),
    "seed-full": Suite("whoever dies, at ten points of each way to seed; takes an hour or two", run_seed_kills, "*"),
    "fault-quick": Suite("the part of tests/fault that takes a few minutes", run_apart, ["tests/fault", "test_killed.py"]),
    "fault": Suite("all of tests/fault, which takes days, or what CELLS, FAULTS and SEED choose", run_pytest, ["tests/fault", "--all-faults"]),
}


def forget_earlier_results(name):
    shutil.rmtree(RESULTS / name, ignore_errors=True)
    for path in (*RESULTS.glob(f"{name}.*"), *RESULTS.glob(f"{name}-test_*.*")):
        path.unlink()


def main(names):
    unknown = [name for name in names if name not in SUITES]
    if unknown or not names:
        print(f"usage: tests/run.py SUITE..., of: {', '.join(SUITES)}", file=sys.stderr)
        return 1
    RESULTS.mkdir(parents=True, exist_ok=True)

    interrupted = []  # the suites get the signal too and clean up; we wait for them
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _frame: interrupted.append(caught))

    results = {}
    for name in names:
        suite = SUITES[name]
        print(f"=== {name}: {suite.about}", flush=True)
        forget_earlier_results(name)
        began = time.monotonic()
        tally = Tally(failed=1) if interrupted else suite.run(name, suite.argument)
        results[name] = (tally, time.monotonic() - began)
        sys.stdout.flush()

    total = sum((tally for tally, _ in results.values()), Tally())
    summary = {name: {**tally._asdict(), "seconds": round(seconds, 1)} for name, (tally, seconds) in results.items()}
    (RESULTS / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    print()
    for name, (tally, seconds) in results.items():
        print(f"{name:<12} {str(tally):<32} {seconds:7.1f} s")
    print(f"\n{total}", flush=True)
    return 0 if total.passed and not total.failed and not interrupted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
