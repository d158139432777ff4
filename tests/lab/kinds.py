# SPDX-License-Identifier: MIT
"""The kinds of database servers that a lab can be made of.

`default("old")` and `default("new")` are what CUTOVER_LAB_OLD and CUTOVER_LAB_NEW say, so that a whole suite of tests
can be run on another pair of servers.
"""

import os

from .mariadb import MariaDb
from .mysql import MySql
from .procs import LabError

KINDS = {kind.name: kind for kind in (
    MariaDb("mariadb-10.11"),  # this machine's own
    MariaDb("mariadb-10.5", deps="deps-mariadb105"),
    MariaDb("mariadb-11.8", deps="deps-mariadb11"),
    MySql("mysql", deps="deps-mysql"),
)}
ALIASES = {"mariadb": "mariadb-10.11"}
NAMES = [*ALIASES, *KINDS]
ENVIRONMENT = {"old": "CUTOVER_LAB_OLD", "new": "CUTOVER_LAB_NEW"}


def find(name):
    """The kind of that name; LabError when there is no such, Absent when its servers are not on this machine."""
    kind = KINDS.get(ALIASES.get(name, name))
    if kind is None:
        raise LabError(f"{name} is no kind of server; there are: {', '.join(NAMES)}")
    kind.need()
    return kind


def default(side):
    """The name of the kind that a side is of when nobody says otherwise."""
    return os.environ.get(ENVIRONMENT[side]) or "mariadb-10.11"
