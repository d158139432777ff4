# SPDX-License-Identifier: MIT
"""Tables of medians and of ratios within a round, and aims with whether they are met."""

import statistics
from dataclasses import dataclass


def spread(values, form="{:.2f}"):
    """min, median and max as texts."""
    return [form.format(value) for value in (min(values), statistics.median(values), max(values))]


def ratio(one, other, form="{:.2f}"):
    """one / other, round by round: 'median [min..max]'."""
    low, middle, high = spread([a / b for a, b in zip(one, other)], form)
    return f"{middle} [{low}..{high}]"


def median_ratio(one, other):
    return statistics.median(a / b for a, b in zip(one, other))


def table(title, head, rows):
    """Print rows of cells in columns; the first is a name, the others are numbers."""
    cells = [head, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) if place == 0 else cell.rjust(width)
                               for place, (cell, width) in enumerate(zip(row, widths))).rstrip())
    print(flush=True, end="")


@dataclass(frozen=True)
class Aim:
    """`value` is None when it could not be measured; `why` says so."""

    name: str
    value: float | None
    limit: float
    is_least: bool = False  # at least the limit, instead of at most
    unit: str = ""
    why: str = "not measured"

    @property
    def is_met(self):
        if self.value is None:
            return None
        return self.value >= self.limit if self.is_least else self.value <= self.limit

    def row(self):
        said = {True: "met", False: "NOT met", None: self.why}[self.is_met]
        value = "-" if self.value is None else f"{self.value:.2f}{self.unit}"
        return [self.name, value, f"{'>=' if self.is_least else '<='} {self.limit:g}{self.unit}", said]


def aims(found):
    table("aims", ["", "measured", "aim", ""], [aim.row() for aim in found])
