# SPDX-License-Identifier: MIT
"""The audit: is every write that the crowd was promised there, once, on both sides?

Reads both primaries and the ledger, changes nothing. It does not wait: the caller says, with
settled=True, that writing has stopped and each side has applied all of the other's changes.
It also answers the audit's own question, who signed up on one side and confirmed on the other.
"""

import collections
from dataclasses import asdict, dataclass, field

from . import crowd_ledger

BATCH = 500
SHOWN = 20  # so many findings of each sort are kept word for word

# kind -> the query that counts its writes by key, and the ledger's field that holds the key.
QUERIES = {
    "signup": ("token", "SELECT token AS k, COUNT(*) AS n, MIN(side) AS began,"
                        " MIN(confirmed_side) AS ended, '' AS least, '' AS most"
                        " FROM signups WHERE token IN %s GROUP BY token"),
    "confirm": ("user", "SELECT u.name AS k, COUNT(*) AS n, MIN(s.side) AS began,"
                        " MIN(s.confirmed_side) AS ended, MIN(s.state) AS least,"
                        " MAX(s.state) AS most FROM users u JOIN signups s ON s.id = u.signup_id"
                        " WHERE u.name IN %s GROUP BY u.name"),
    "post": ("token", "SELECT token AS k, COUNT(*) AS n, MIN(side) AS began, '' AS ended,"
                      " MIN(SHA2(CONCAT(title, '\\n', body), 256)) AS least,"
                      " MAX(SHA2(CONCAT(title, '\\n', body), 256)) AS most"
                      " FROM posts WHERE token IN %s GROUP BY token"),
}


@dataclass
class Audit:
    """What became of the promises.

    lost, doubled, altered  acknowledged writes: missing on a side, there more than once on a side,
                            or with another content than was acknowledged; each write counts once
    lost_on, doubled_on     the same by side
    ambiguous               {total, applied, abandoned_there, abandoned_absent}
    cross_side_signups      {"old->new": n, "new->old": n}: reserved on one, confirmed on the other
    findings                the first few, in words
    """

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    altered: int = 0
    lost_on: dict = field(default_factory=dict)
    doubled_on: dict = field(default_factory=dict)
    ambiguous: dict = field(default_factory=dict)
    cross_side_signups: dict = field(default_factory=dict)
    by_side: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)

    @property
    def is_clean(self):
        return not (self.lost or self.doubled or self.altered)

    def as_dict(self):
        return {**asdict(self), "is_clean": self.is_clean}


def audit(ledger_path, old, new, *, settled):
    """Judge the ledger against the primaries `old` and `new` (Database); None leaves a side out."""
    if not settled:
        raise ValueError("an audit of sides that are not settled proves nothing")
    lines = crowd_ledger.read(ledger_path)
    promised = [line for line in lines if line["event"] == "acknowledged"]
    abandoned = [line for line in lines if line["event"] == "abandoned"]
    sides = {side: _rows(database, promised + abandoned)
             for side, database in (("old", old), ("new", new)) if database is not None}
    result = Audit(acknowledged=len(promised))
    for name in ("lost", "doubled", "altered"):
        broken = {side: [line for line in promised if JUDGES[name](line, _row(rows, line))]
                  for side, rows in sides.items()}
        keys = {(line["kind"], line["token"]) for found in broken.values() for line in found}
        setattr(result, name, len(keys))
        if name != "altered":
            setattr(result, f"{name}_on", {side: len(found) for side, found in broken.items()})
        result.findings += [f"{name} on {side}: {line['kind']} {line['token']}, acknowledged by "
                            f"{line['side']} to client {line['client']}"
                            for side, found in broken.items() for line in found[:SHOWN]]
    result.by_side = dict(collections.Counter(line["side"] for line in promised))
    result.ambiguous = _ambiguous(lines, promised, abandoned, sides)
    result.cross_side_signups = _cross_side(promised, sides)
    return result


JUDGES = {
    "lost": lambda line, row: row is None,
    "doubled": lambda line, row: row is not None and row["n"] > 1,
    "altered": lambda line, row: row is not None and _is_altered(line, row),
}


def _is_altered(line, row):
    if line["kind"] == "post":
        return {row["least"], row["most"]} != {line["digest"]}
    return line["kind"] == "confirm" and {row["least"], row["most"]} != {"confirmed"}


def _rows(database, lines):
    """{(kind, key): row} of one side, for the writes of these lines."""
    found = {}
    with database.connect(timeout_s=60, autocommit=True) as connection, \
            connection.cursor() as cursor:
        for kind, (key, query) in QUERIES.items():
            keys = sorted({line[key] for line in lines if line["kind"] == kind})
            for first in range(0, len(keys), BATCH):
                cursor.execute(query, (keys[first:first + BATCH],))
                found.update(((kind, row["k"]), row) for row in cursor.fetchall())
    return found


def _row(rows, line):
    return rows.get((line["kind"], line[QUERIES[line["kind"]][0]]))


def _ambiguous(lines, promised, abandoned, sides):
    there = sum(any(_row(rows, line) for rows in sides.values()) for line in abandoned)
    return {"total": sum(line["event"] == "ambiguous" for line in lines),
            "applied": sum(line["after"] == "lookup" for line in promised),
            "abandoned_there": there, "abandoned_absent": len(abandoned) - there}


def _cross_side(promised, sides):
    """Counted in the data, not in the ledger: what the rows say is what happened."""
    rows = next(iter(sides.values()))
    pairs = [(row["began"], row["ended"]) for line in promised if line["kind"] == "confirm"
             and (row := _row(rows, line)) is not None]
    return {"old->new": pairs.count(("old", "new")), "new->old": pairs.count(("new", "old"))}
