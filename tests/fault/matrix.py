# SPDX-License-Identifier: MIT
"""What is killed, stopped or made to fail, and where: taken from the plans themselves, so that a new part is covered
without anybody having to remember it.
"""

from dataclasses import dataclass

POINTS = ("before-act", "after-act", "after-verify", "after-outcome")


@dataclass(frozen=True)
class Journey:
    """A playbook and the situation it is started in."""

    playbook: str
    starts_in: str
    aborts_to: tuple        # where `abort` may leave the service
    sides: tuple = ("old", "new")  # where the application looks for an open side
    is_quick: bool = True          # `make test` has time for it
    # how a person starts it, before what every run is given; {path}: of the playbook
    command: tuple = ("run", "{path}")
    is_lossy: bool = False         # no side that `sides` names is open at first, and abort leads back to that

    def words(self, stage):
        """What is typed."""
        return [word.format(path=stage.path(self.playbook)) for word in self.command]

    def __str__(self):
        return f"{self.playbook}-from-{self.starts_in}"


JOURNEYS = (
    Journey("1-follow", "apart", ("apart",)),
    # What `rehearse` cut off cannot be joined again without a seed. NEW's rows are thrown away: no user goes there.
    Journey("2-rehearse-and-reset", "following", ("following", "apart"), sides=("old",)),
    Journey("3-mirror", "following", ("following",)),
    Journey("4-migration-day", "mirrored", ("mirrored",)),
    Journey("4-migration-day-fenced", "mirrored", ("mirrored",)),
    Journey("rollback", "switched", ("switched",), is_quick=False),
    Journey("rollback", "shared", ("shared",)),
    Journey("rollback-fenced", "switched", ("switched",), is_quick=False),
    # The move was cut short between two records; its run is unfinished, and the way back closes it.
    Journey("rollback-fenced", "flipping", ("flipping",), is_quick=False,
            command=("rollback", "--playbook", "{path}")),
    Journey("unmirror", "mirrored", ("mirrored", "following")),
    # The reverse link has stopped for good. Nobody of the application goes to NEW, which is given up.
    Journey("rollback-lossy", "severed", ("unsafe",), sides=("old",), is_quick=False, is_lossy=True,
            command=("rollback", "--lose-writes", "--lose", "1000000")),
    Journey("5-retire", "switched", ("switched",)),
)


@dataclass(frozen=True)
class Part:
    """One part of a plan, with what the judges must know about it."""

    step: str
    what: str
    occurrence: int     # 2: the second part of this name in its step
    action: str
    is_committed: bool  # abort does not suffice once this part has acted
    is_one_commit: bool  # the commit step itself, and one operation: what has not happened yet can still be aborted
    has_changed: bool   # this playbook step is not all reading and waiting up to here
    has_undo: bool
    talks_to_dns: bool  # to the provider, when it acts

    def __str__(self):
        return f"{self.step}.{self.what}" + (f"-{self.occurrence}" if self.occurrence > 1 else "")

    def failpoint(self, deed, point):
        return f"{deed}@{self.step}.{self.what}.{point}" + (f"#{self.occurrence}" if self.occurrence > 1 else "")


def parts_of(plan):
    """The parts of a plan as `cutover plan --json` prints it."""
    parts, is_committed, seen = [], False, {}
    changed = set()
    for step in plan["steps"]:
        key = (step["name"], step["what"])
        seen[key] = seen.get(key, 0) + 1
        is_one_commit = step["commits"] and len(step["ops"]) == 1 and not is_committed
        is_committed = is_committed or step["commits"]
        if not step["repeatable"]:
            changed.add(step["name"])
        parts.append(Part(step["name"], step["what"], seen[key], step["action"], is_committed, is_one_commit,
                          step["name"] in changed, bool(step["undo"]), any(asks_provider(op) for op in step["ops"])))
    return parts


def asks_provider(op):
    return op["kind"] == "dns" or op["work"].startswith("dns.")


@dataclass(frozen=True)
class Case:
    journey: Journey
    part: Part
    point: str
    deed: str
    way: str  # how a person goes on: resume or abort
    ends_in: str

    def __str__(self):
        return f"{self.journey}-{self.deed}-{self.part}-{self.point}-{self.way}"

    @property
    def is_committed(self):
        return self.part.is_committed and not (self.part.is_one_commit and self.point == "before-act")

    @property
    def failpoint(self):
        return self.part.failpoint(self.deed, self.point)


def cases(plans, deeds, ways, points=POINTS):
    """Every combination. plans: {journey: plan}"""
    return [Case(journey, part, point, deed, way, plan["ends_in"])
            for journey, plan in plans.items() for part in parts_of(plan)
            for point in points for deed in deeds for way in ways]


def is_one_of(case, playbook, *parts):
    """For the quick selection: parts of one playbook's cutover, right after they have acted."""
    return (case.journey.playbook == playbook and case.part.step == "cut-over" and case.part.what in parts
            and case.part.occurrence == 1 and case.point == "after-act")
