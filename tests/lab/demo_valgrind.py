# SPDX-License-Identifier: MIT
"""The program under valgrind, for `make demo-valgrind`: a script that stands in for it, and what was found.

An error, or memory that nothing points to any more, is a finding whatever the exit code was: of each process there is a
log, and each log must end with its summary.
"""

import re
import shlex
import stat
from pathlib import Path

SUPPRESSIONS = Path(__file__).parents[1] / "valgrind.supp"


def wrap(program, folder):
    """A script in `folder` that runs `program` under valgrind."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.unlink()
    script = folder / program.name
    words = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
             "--fair-sched=yes", "--num-callers=30", f"--suppressions={SUPPRESSIONS}", f"--log-file={folder}/%p.log", program]
    script.write_text(f"#!/bin/sh\nexec {shlex.join(map(str, words))} \"$@\"\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def complaints(folder):
    """What is wrong, in words; nothing when every process was clean."""
    logs = sorted(folder.glob("*.log"))
    if not logs:
        return ["valgrind has seen no process: this demo proves nothing about memory"]
    wrong = []
    for log in logs:
        summary = re.findall(r"ERROR SUMMARY: (\d+) errors", log.read_text(errors="replace"))
        if summary != ["0"]:
            wrong.append(f"valgrind: {log}: {summary[-1] + ' error(s)' if summary else 'no summary, it did not end by itself'}")
    print(f"valgrind has watched {len(logs)} processes")
    return wrong
