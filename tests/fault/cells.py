# SPDX-License-Identifier: MIT
"""The crash matrix: which cells there are, and which of them are run.

A cell is one part of one playbook's plan, a point in it, a deed, and how a person goes on afterwards. All of them come
from the plans as the program compiles them and from the table of deeds: what is added there is covered by being there.

FAULTS=kill-old,cut-links   only these deeds
CELLS=40                    so many, chosen at random by SEED, every deed in turn
CELLS='4-*/cut-over.*/*'    those whose name has this pattern; several with spaces between
SEED=20261122               by default the date in UTC: the same all day, and somewhere else tomorrow
"""

import fnmatch
import os
import random
import time
from dataclasses import dataclass

from . import matrix
from .deeds import DEEDS, KILL_CONTROLLER, Deed

POINTS = {"before-act": "its intent is on disk, nothing was done",
          "after-act": "it was done, its outcome is not on disk",
          "after-outcome": "its outcome is on disk"}
WAYS = ("resume", "back")  # `run --resume`; `abort`, and past the commit step `rollback`
QUICK = 6                  # cells that `make test` has time for

# Cells that found something: they belong to the quick part on every day.
LEARNED = (
    # it was called done, though its end was not in the journal
    "2-rehearse-and-reset-from-following/reset.restart-replicas/after-outcome/full-disk/back",
    # a step that was whole was undone because a sample could not be written, and nobody wrote that down
    "1-follow-from-apart/follow.check-replicas/after-outcome/full-disk/resume",
    # it did not say what to type
    "2-rehearse-and-reset-from-following/load-test.approve/before-act/reset-new/back",
)


@dataclass(frozen=True)
class Cell:
    journey: matrix.Journey
    part: matrix.Part
    point: str
    deed: Deed
    way: str
    ends_in: str

    def __str__(self):
        return f"{self.journey}/{self.part}/{self.point}/{self.deed.name}/{self.way}"

    @property
    def failpoint(self):
        return self.part.failpoint("kill" if self.deed is KILL_CONTROLLER else "pause", self.point)


def is_possible(part, point, deed):
    """An answer can only be lost where something is asked."""
    return not deed.needs_dns or (part.talks_to_dns and point == "before-act")


def all_cells(plans):
    """plans: {journey: plan}"""
    return [Cell(journey, part, point, deed, way, plan["ends_in"])
            for journey, plan in plans.items() for part in matrix.parts_of(plan)
            for point in POINTS for deed in DEEDS if is_possible(part, point, deed) for way in WAYS]


def seed():
    return int(os.environ.get("SEED") or time.strftime("%Y%m%d", time.gmtime()))


def is_chosen_by_hand():
    return bool(os.environ.get("CELLS") or os.environ.get("FAULTS") or os.environ.get("SEED"))


def is_wanted(journey):
    """False when no cell of it can be chosen: then its plan need not be made."""
    wish = os.environ.get("CELLS") or ""
    return not wish or wish.isdigit() or any(fnmatch.fnmatchcase(str(journey), pattern.partition("/")[0])
                                             for pattern in wish.split())


def choose(cells, is_whole):
    """What the environment asks for; without a wish all of them, or the quick part."""
    faults, wish = os.environ.get("FAULTS"), os.environ.get("CELLS") or ""
    if faults:
        names = set(faults.replace(",", " ").split())
        unknown = names - {deed.name for deed in DEEDS}
        if unknown:
            raise SystemExit(f"FAULTS: there is no {', '.join(sorted(unknown))}; there are "
                             + ", ".join(deed.name for deed in DEEDS))
        cells = [cell for cell in cells if cell.deed.name in names]
    if wish.isdigit():
        return sample(cells, int(wish))
    if wish:
        cells = [cell for cell in cells if any(fnmatch.fnmatchcase(str(cell), pattern) for pattern in wish.split())]
        if not cells:
            raise SystemExit(f"CELLS: no cell is called {wish}")
        return cells
    if is_whole or faults:
        return cells
    always = learned(cells)
    return [*always, *sample([cell for cell in cells if cell not in always], QUICK)]


def learned(cells):
    found = [cell for cell in cells if str(cell) in LEARNED]
    assert len(found) == len(LEARNED), f"a plan has changed, and a cell that found something is gone: {LEARNED}"
    return found


def sample(cells, count):
    """`count` of them at random, the deeds in turn, so that a small part still has something of each."""
    dice = random.Random(seed())
    by_deed = {}
    for cell in dice.sample(cells, len(cells)):
        by_deed.setdefault(cell.deed.name, []).append(cell)
    deeds = dice.sample(sorted(by_deed), len(by_deed))
    chosen = []
    while len(chosen) < min(count, len(cells)):
        for deed in deeds:
            if by_deed[deed] and len(chosen) < count:
                chosen.append(by_deed[deed].pop())
    return chosen
