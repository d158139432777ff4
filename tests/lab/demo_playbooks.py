# SPDX-License-Identifier: MIT
"""The shipped playbooks with other waits: the same steps in the same order, nothing else is changed.

Each row names one kind of wait. A row that fits nowhere is an error: then a playbook has changed and the row is stale.
"""

import re
from dataclasses import dataclass

from .procs import LabError

PLAYBOOKS = {name: f"{name}.cfg" for name in (
    "1-follow", "2-rehearse-and-reset", "3-mirror", "4-migration-day", "4-migration-day-fenced", "rollback",
    "rollback-fenced")}


@dataclass(frozen=True)
class Wait:
    what: str
    pattern: str      # its group 1 stays
    shorter: str


WAITS = (
    Wait("TTL of the records on migration day", r"(\bttl\s*=\s*)60\b", "2"),
    Wait("how long a gate wants the lag to stay low", r"(lag < \w+ for )(?:30|10|5)s", "3s"),
    Wait("how long both sides are watched", r'(\bfor\s*=\s*)"15m"', '"6s"'),
    # The one that grows: all servers and visitors share this machine, which may be a slow one.
    Wait("write pause that fenced mode is allowed", r'(\bbudget\s*=\s*)"2s"', '"10s"'),
)


def shorten(source, target, seed="copy"):
    """Write shortened copies into `target`, in which `seed` is how NEW is seeded; what was changed, a line each."""
    target.mkdir(parents=True, exist_ok=True)
    changes = {}
    for name in PLAYBOOKS.values():
        text = (source / name).read_text(encoding="utf-8")
        for wait in WAITS:
            for found in re.finditer(wait.pattern, text):
                before = found.group()[len(found.group(1)):]
                changes.setdefault(wait, {})[before] = None
            text = re.sub(wait.pattern, lambda found, wait=wait: found.group(1) + wait.shorter, text)
        if seed != "copy":
            text = text.replace('action = "seed";', f'action = "seed"; method = "{seed}";')
        (target / name).write_text(f"# {name}, as shipped, with other limits for the demo.\n{text}", encoding="utf-8")
    missing = [wait.what for wait in WAITS if wait not in changes]
    if missing:
        raise LabError(f"no shipped playbook has: {', '.join(missing)}; demo_playbooks.py is stale")
    return [f"{wait.what}: {', '.join(before)} becomes {wait.shorter}" for wait, before in changes.items()]
