# SPDX-License-Identifier: MIT
"""What became of the cells that were run: one row an action, one column a deed, in text, Markdown and JSON."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tests.lab import kinds

from . import cells
from .deeds import DEEDS

FOLDER = Path(os.environ.get("BUILD") or "build") / "test-results"


@dataclass(frozen=True)
class Judged:
    cell: cells.Cell
    is_passed: bool
    seconds: float
    because: str  # why it failed, in a line
    story: str    # and at length


class Tally:
    def __init__(self):
        self._judged = []

    def add(self, judged):
        """A cell that failed is told at length at once, in a file of its own."""
        self._judged.append(judged)
        if not judged.is_passed:
            path = FOLDER / "fault-matrix" / (str(judged.cell).replace("/", ",") + ".txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{command(judged.cell)}\n\n{judged.story}\n", encoding="utf-8")

    @property
    def is_empty(self):
        return not self._judged

    def lines(self):
        """For a terminal."""
        columns = self._columns()
        rows = [["action", *[deed.name for deed in columns], "all"], *self._rows(columns)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            yield "  ".join(text.ljust(width) if i == 0 else text.rjust(width)
                            for i, (text, width) in enumerate(zip(row, widths))).rstrip()
        yield ""
        yield f"{self._score(self._judged)} cells passed, on {pair()}, seed {cells.seed()}"
        for judged in self._judged:
            if not judged.is_passed:
                yield f"FAILED {judged.because}"
                yield f"       again: {command(judged.cell)}"

    def write(self):
        """fault-matrix.json and fault-matrix.md in the folder of test results."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        columns = self._columns()
        found = [{"cell": str(j.cell), "action": j.cell.part.action, "deed": j.cell.deed.name, "point": j.cell.point,
                  "way": j.cell.way, "passed": j.is_passed, "seconds": round(j.seconds, 1), "because": j.because,
                  "again": command(j.cell)} for j in self._judged]
        summary = {"servers": pair(), "seed": cells.seed(), "passed": sum(j.is_passed for j in self._judged),
                   "run": len(self._judged), "cells": found}
        (FOLDER / "fault-matrix.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        lines = [f"| {' | '.join(row)} |" for row in self._rows(columns)]
        head = [f"| action | {' | '.join(deed.title for deed in columns)} | all |", "|---" * (len(columns) + 2) + "|"]
        (FOLDER / "fault-matrix.md").write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")

    def _columns(self):
        run = {judged.cell.deed for judged in self._judged}
        return [deed for deed in DEEDS if deed in run]

    def _rows(self, columns):
        actions = list(dict.fromkeys(judged.cell.part.action for judged in self._judged))
        for action in [*sorted(actions), None]:
            mine = [j for j in self._judged if action in (None, j.cell.part.action)]
            yield [action or "all", *[self._score([j for j in mine if j.cell.deed == deed]) for deed in columns],
                   self._score(mine)]

    @staticmethod
    def _score(judged):
        return f"{sum(j.is_passed for j in judged)}/{len(judged)}" if judged else "-"


def pair():
    return f"{kinds.default('old')} and {kinds.default('new')}"


def command(cell):
    """What runs this cell again, alone."""
    names = ("BUILD", "CUTOVER_LAB_OLD", "CUTOVER_LAB_NEW")
    kept = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    return " ".join(["make test-fault", *kept, f"CELLS='{cell}'"])
