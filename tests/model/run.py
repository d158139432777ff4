#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prove the protocol of a cutover, and that the proof can fail.

    tests/model/run.py [--faults N] [--only WORD] [--markdown | --tap]

Every form of tests/model/cutover.pml has to hold, and every mutant (a form with one guard removed) has to be caught by
the property that the guard is for. Compiles one checker for each mode in BUILD/model, because compiling takes longer
than most runs. Exit code 0 only when all of that is so.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD") or "build") / "model"
MODES = ("FENCED", "SHARED")
MEMORY_MB = 3500
DEPTH = 1_000_000
TIMEOUT_S = 1800

LAW_1, LAW_2 = "law_1_never_two_open", "law_2_nothing_lost"
WAY_BACK, NAMED = "way_back_is_open", "ends_in_a_named_situation"

# faults None: as many as the command line says. Setting names are those of the model.
Form = collections.namedtuple("Form", "mode back keeps breath", defaults=(1, 1))
Mutant = collections.namedtuple("Mutant", "number removed breaks form faults")

FORMS = [
    Form("FENCED", 0, 1), Form("FENCED", 1, 1), Form("FENCED", 0, 0), Form("FENCED", 1, 0),
    Form("SHARED", 0, 1), Form("SHARED", 1, 1), Form("SHARED", 0, 0), Form("SHARED", 1, 0),
]

THERE, BACK = Form("FENCED", 0), Form("FENCED", 1)
HELD, SHARED = Form("FENCED", 0, 0), Form("SHARED", 0)
MUTANTS = [
    Mutant(1, "the fence survives a restart (SET PERSIST)", LAW_1, THERE, 1),
    Mutant(1, "the fence survives a restart (accounts held)", LAW_1, HELD, 1),
    Mutant(17, "accounts are held before the other side opens", LAW_1, HELD, 1),
    Mutant(2, "the position is read after the close", LAW_2, THERE, 0),
    Mutant(3, "drain", LAW_2, THERE, 0),
    Mutant(3, "drain, when a shared cutover settles", LAW_2, SHARED, 0),
    Mutant(4, "probe-back", WAY_BACK, THERE, 1),
    Mutant(5, "the intent is on disk before the effect", LAW_1, THERE, 1),
    Mutant(6, "resume undoes and starts over", NAMED, Form("FENCED", 0, 1, 0), 2),
    Mutant(7, "the lease", LAW_1, THERE, 0),
    Mutant(8, "abort refuses after the commit step", LAW_1, THERE, 1),
    Mutant(9, "names are flipped after open-to", NAMED, THERE, 1),
    Mutant(10, "still-closed", LAW_2, THERE, 1),
    Mutant(11, "an unknown outcome is looked up", LAW_1, THERE, 1),
    Mutant(12, "the statement that opens a side asks for the lease itself", LAW_1, THERE, 1),
    Mutant(23, "a lock is taken again only while the other one is held", LAW_1, THERE, 1),
    Mutant(24, "who has lost his run undoes nothing", LAW_1, THERE, 2),
    Mutant(14, "only who adopted the run writes its journal", LAW_2, THERE, 2),
    Mutant(22, "who stood still looks at its lease before it changes something", LAW_1, HELD, 2),
    Mutant(15, "check-stagger", LAW_1, SHARED, 0),
    Mutant(16, "a closed side may have been open: what it took is waited for", LAW_2, BACK, 2),
    Mutant(20, "who cannot ask whether it was opened does not go on", LAW_1, THERE, 2),
    Mutant(21, "a commit is not taken back once names are flipped", NAMED, THERE, 2),
    Mutant(19, "the journal is read under the lease", LAW_1, THERE, 0),
]

Result = collections.namedtuple("Result", "broken states depth memory_mb seconds complete")


def compile_mode(mode):
    folder = BUILD / mode.lower()
    folder.mkdir(parents=True, exist_ok=True)
    checker = folder / "pan"
    if checker.exists() and checker.stat().st_mtime > (HERE / "cutover.pml").stat().st_mtime:
        return checker
    subprocess.run(["spin", "-a", f"-DMODE={mode}", HERE / "cutover.pml"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([os.environ.get("CC") or "gcc", "-O0", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}",
                    "-o", checker.name, "pan.c"], cwd=folder, check=True)
    return checker


def check(checker, form, mutant, faults):
    """One search through all states of a form."""
    settings = {"BACK": form.back, "KEEPS": form.keeps, "BREATH": form.breath, "MUTANT": mutant, "FAULTS": faults}
    environment = {**os.environ, **{f"MODEL_{name}": str(value) for name, value in settings.items()}}
    began = time.monotonic()
    text = subprocess.run([checker.resolve(), f"-m{DEPTH}", "-E"], cwd=checker.parent, env=environment, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S).stdout
    broken = re.search(r"assertion violated (\w+)", text)
    figure = {name: re.search(pattern, text) for name, pattern in {
        "states": r"(\d+) states, stored", "depth": r"depth reached (\d+)", "memory": r"([\d.]+)\s+total actual memory",
        "errors": r"errors: (\d+)"}.items()}
    if not all(figure.values()):
        raise SystemExit(f"{checker}: {text}")
    complete = "max search depth too small" not in text and "out of memory" not in text and "not completed" not in text
    return Result(broken.group(1) if broken else None if figure["errors"].group(1) == "0" else "another error",
                  int(figure["states"].group(1)), int(figure["depth"].group(1)), float(figure["memory"].group(1)),
                  time.monotonic() - began, complete)


def words(form):
    return (form.mode.lower(), "back" if form.back else "there", "persisted" if form.keeps else "held",
            "-" if form.mode == "SHARED" else "breath" if form.breath else "one by one")


def say_table(head, rows, is_markdown):
    if is_markdown:
        head, rows = [f"| {' | '.join(line)} |" for line in [head]], [f"| {' | '.join(line)} |" for line in rows]
        print(*head, "|" + "---|" * head[0].count(" | ") + "---|", *rows, sep="\n")
    else:
        widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
        for line in [head, *rows]:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(flush=True)


def judge_form(checkers, form, faults):
    result = check(checkers[form.mode], form, 0, faults)
    verdict = f"BROKEN: {result.broken}" if result.broken else "all hold" if result.complete else "NOT COMPLETE"
    return verdict == "all hold", [*words(form), str(faults), f"{result.states:,}", f"{result.depth:,}",
                                   f"{result.memory_mb:.0f} MB", f"{result.seconds:.0f} s", verdict]


def judge_mutant(checkers, mutant):
    result = check(checkers[mutant.form.mode], mutant.form, mutant.number, mutant.faults)
    is_caught = result.broken == mutant.breaks
    verdict = "caught" if is_caught else f"NOT CAUGHT: {result.broken or 'nothing broke'}"
    return is_caught, [str(mutant.number), mutant.removed, *words(mutant.form)[:3], str(mutant.faults), mutant.breaks,
                       f"{result.states:,}", verdict]


FORM_HEAD = ["mode", "direction", "fence", "journal", "faults", "states", "depth", "memory", "time", "properties"]
MUTANT_HEAD = ["no", "guard that is removed", "mode", "direction", "fence", "faults", "breaks", "states", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--faults", type=int, default=1, help="how many in one execution of the forms")
    parser.add_argument("--only", default="", help="forms and mutants whose description contains this")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--tap", action="store_true", help="for tests/run.py")
    args = parser.parse_args()
    checkers = {mode: compile_mode(mode) for mode in MODES}

    jobs = [(FORM_HEAD, judge_form, (form, args.faults), " ".join(words(form))) for form in FORMS]
    jobs += [(MUTANT_HEAD, judge_mutant, (mutant,), f"mutant {mutant.number}: {mutant.removed}") for mutant in MUTANTS]
    jobs = [job for job in jobs if args.only in job[3]]
    if args.tap:
        print(f"1..{len(jobs)}", flush=True)
    tables, failed = collections.defaultdict(list), 0
    for number, (head, judge, arguments, name) in enumerate(jobs, 1):
        is_good, cells = judge(checkers, *arguments)
        failed += not is_good
        tables[id(head)].append(cells)
        if args.tap:
            print(f"{'ok' if is_good else 'not ok'} {number} - model: {name}: {cells[-1]}", flush=True)
        else:
            print(*cells, sep="  ", file=sys.stderr, flush=True)
    if not args.tap:
        for head in (FORM_HEAD, MUTANT_HEAD):
            if tables[id(head)]:
                say_table(head, tables[id(head)], args.markdown)
        print(f"{failed} of {len(jobs)} failed" if failed else f"{len(jobs)} of {len(jobs)}: what has to hold holds, "
              "and every removed guard was missed")
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
