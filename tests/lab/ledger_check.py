#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The judge: what a crowd was promised, against what the servers hold at the end.

    tests/lab/ledger_check.py LEDGER SERVER=TABLES...        exit code 0 kept, 1 broken, 2 it cannot be judged

Independent: it shares no code with the program, nor with the crowd that writes the ledger, and asks no server. It is
given two sorts of files of JSON lines, and this is all that they have in common with whoever writes them:

LEDGER  what happened, in the order in which it became known. `at` and `sent` are seconds of one clock.
  sent       n, session, op, key, value, side, at    before a write leaves
  ended      n, outcome, at                          acknowledged; refused (certainly not done); ambiguous (nobody knows)
  read       session, what, key, saw, side, is_open, sent, at    `what` is "counter" (saw: its value, null for none) or
                                                     "row" (saw: how many there are). is_open was asked before the value
  mode       mode, at                                from here on a crossing is "fenced" or "shared"
  announced  begins, ends, delay_ms                  what the report said: both sides took writes meanwhile, and one was
                                                     behind the other by up to delay_ms (null: nobody can tell)
  other events are passed over.
A write is one of two: op "insert" adds one row of that key with that value (a text). op "step" raises the counter `key`
from value - 1 to value and adds the row "key#value" with the value as text, in one transaction. Only one session ever
writes to a key; what was refused may be sent again, and nothing else; anybody may read it. A write that was sent and
never ended is ambiguous. A last line cut short by a crash of the crowd is left out, and said.

TABLES  of one server, once nobody writes and everybody has applied everything; an object a line:
  {"row": [id, key, value]}    {"counter": [key, value]}

The laws:
  lost           an acknowledged write is not there               doubled   a write is there more than once
  altered        a row has another value than was written         foreign   a row or counter that nobody wrote
  resurrected    a refused write is there                         torn      a counter and its rows contradict each other
  sides-differ   the servers do not hold the same
  went-back      a read on an open side did not see what had been acknowledged to, or seen by, anybody before it was sent.
                 Allowed, and counted, where it was announced: on the other side than that of the write, in the time and
                 by the delay of an announcement; and on a closed side, which is a replica and may be behind
  invented       a read saw what nobody had written
  two-writers    within one fenced crossing the side that was left acknowledged a write which was sent after the other
                 side had acknowledged one. Allowed, and counted, where the other side had closed again in between: a read
                 that began after its last acknowledgement, and was answered before the write was sent, found it closed
"""

import bisect
import collections
import json
import sys
from dataclasses import dataclass, field

SHOWN = 20          # so many findings of each law are kept word for word
OUTCOMES = ("acknowledged", "refused", "ambiguous")


class CannotJudge(Exception):
    """What was handed in is not what the head of this file describes."""


@dataclass
class Write:
    line: int
    session: str
    op: str
    key: str
    value: object
    side: str
    sent: float
    section: int            # of the ledger: which crossing it was sent in
    outcome: str = "ambiguous"
    ended: float = float("inf")
    is_there: bool = False  # on any server

    @property
    def row(self):
        return self.key if self.op == "insert" else f"{self.key}#{self.value}"


@dataclass
class Verdict:
    """broken: {law: how often}; findings: the first of each law, in words, with the line of the ledger to look at.
    handed_back: when the side that was left took its first write again, after the other one had closed."""

    writes: dict = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    reads: int = 0
    behind_as_announced: int = 0
    behind_on_a_closed_side: int = 0
    handed_back: list = field(default_factory=list)
    ambiguous_there: list = field(default_factory=list)    # rows
    ambiguous_absent: list = field(default_factory=list)
    never_ended: int = 0
    is_last_line_torn: bool = False
    broken: collections.Counter = field(default_factory=collections.Counter)
    findings: list = field(default_factory=list)

    @property
    def is_kept(self):
        return not self.broken

    def complain(self, law, text, line=None):
        self.broken[law] += 1
        if self.broken[law] <= SHOWN:
            self.findings.append(f"{law}: {text}" + (f" (line {line} of the ledger)" if line else ""))

    def as_dict(self):
        return {"is_kept": self.is_kept, "acknowledged": self.writes["acknowledged"], "refused": self.writes["refused"],
                "ambiguous": self.writes["ambiguous"], "ambiguous_there": len(self.ambiguous_there),
                "ambiguous_absent": len(self.ambiguous_absent), "never_ended": self.never_ended, "reads": self.reads,
                "behind_as_announced": self.behind_as_announced, "behind_on_a_closed_side": self.behind_on_a_closed_side,
                "handed_back": self.handed_back, "is_last_line_torn": self.is_last_line_torn,
                "broken": dict(self.broken), "findings": self.findings}


class History:
    """What is known of one key, by time: a value that was acknowledged or seen is a floor for every later read."""

    def __init__(self):
        self._times, self._known = [], []   # _known: (at, value, side), by at
        self._highest = []                  # of _known, up to each place
        self._told = set()                  # (value, side)

    def add(self, at, value, side):
        if (value, side) in self._told and at >= self._times[-1]:
            return
        self._told.add((value, side))
        place = bisect.bisect_right(self._times, at)
        self._times.insert(place, at)
        self._known.insert(place, (at, value, side))
        del self._highest[place:]
        for _, later, _ in self._known[place:]:
            self._highest.append(max(later, self._highest[-1] if self._highest else 0))

    def above(self, value, before):
        """What was known before that moment and is more than `value`, oldest first."""
        end = bisect.bisect_left(self._times, before)
        if end == 0 or self._highest[end - 1] <= value:
            return []
        return [known for known in self._known[:end] if known[1] > value]


@dataclass
class Reign:
    """A side that acknowledges. first, last: when it did"""

    side: str
    first: float
    last: float


@dataclass(frozen=True)
class StaleRead:
    line: int
    read: dict
    missed: list    # of (at, value, side)
    mode: str


class Ledger:
    """One walk through the file; judge what the tables cannot tell while walking."""

    def __init__(self, lines, verdict):
        self.writes = {}                                  # n -> Write
        self._verdict = verdict
        self._histories = collections.defaultdict(History)   # ("counter" or "row", key) -> History
        self._highest_sent = {}                           # the same -> value
        self._announced, self._stale = [], []
        self._mode, self._section = None, 0
        self._reigns = []                                 # of this section: the side that is left, and the other one
        self._found_closed = collections.defaultdict(list)   # side -> (sent, at) of reads in this section
        for number, line in _read(lines, verdict):
            handle = getattr(self, f"_on_{line.get('event')}", None)
            if handle:
                try:
                    handle(number, line)
                except KeyError as missing:
                    raise CannotJudge(f"line {number}: {missing} is missing from {line}") from None
        for stale in self._stale:
            self._judge_stale(stale)
        for write in self.writes.values():
            verdict.writes[write.outcome] += 1
            verdict.never_ended += write.ended == float("inf")

    def _on_mode(self, number, line):
        if line["mode"] not in ("fenced", "shared"):
            raise CannotJudge(f"line {number}: there is no mode {line['mode']!r}")
        self._mode, self._reigns = line["mode"], []
        self._found_closed.clear()
        self._section += 1

    def _on_announced(self, _number, line):
        self._announced.append((line["begins"], line["ends"], line["delay_ms"]))

    def _on_sent(self, number, line):
        if line["n"] in self.writes or line["op"] not in ("insert", "step"):
            raise CannotJudge(f"line {number}: not a write, or one that was there before: {line}")
        write = Write(number, line["session"], line["op"], line["key"], line["value"], line["side"], line["at"], self._section)
        self.writes[line["n"]] = write
        for known, value in _facts(write):
            self._highest_sent[known] = max(value, self._highest_sent.get(known, 0))

    def _on_ended(self, number, line):
        write = self.writes.get(line["n"])
        if write is None or write.ended != float("inf") or line["outcome"] not in OUTCOMES:
            raise CannotJudge(f"line {number}: ends no write that was sent: {line}")
        write.outcome, write.ended = line["outcome"], line["at"]
        if write.outcome == "acknowledged":
            for known, value in _facts(write):
                self._histories[known].add(write.ended, value, write.side)
            self._judge_side(number, write)

    def _judge_side(self, number, write):
        """Fenced: once the other side has acknowledged a write, none that is sent later to the side that was left."""
        if self._mode != "fenced" or write.section != self._section:
            return
        here = Reign(write.side, write.ended, write.ended)
        now = self._reigns[-1] if self._reigns else None
        if now and now.side == write.side:
            now.last = max(now.last, write.ended)
        elif now is None or len(self._reigns) == 1:
            self._reigns.append(here)
        elif now.first < write.sent and self._has_closed(now, write.sent):
            self._verdict.handed_back.append(write.sent)
            self._reigns = [here]
        elif now.first < write.sent:
            self._verdict.complain("two-writers", f"{write.side} acknowledged {write.row} to {write.session}, sent "
                                   f"{1000 * (write.sent - now.first):.0f} ms after the other side had taken over", number)

    def _has_closed(self, reign, before):
        return any(reign.last <= sent and at <= before for sent, at in self._found_closed[reign.side])

    def _on_read(self, number, line):
        self._verdict.reads += 1
        known, saw = (line["what"], line["key"]), line["saw"] or 0
        if saw > self._highest_sent.get(known, 0):
            law = "doubled" if line["what"] == "row" and known in self._highest_sent else "invented"
            self._verdict.complain(law, f"{line['session']} saw {saw} as {line['what']} {line['key']} on {line['side']}", number)
        missed = self._histories[known].above(saw, line["sent"])
        if missed:
            self._stale.append(StaleRead(number, line, missed, self._mode))
        if not line["is_open"]:
            self._found_closed[line["side"]].append((line["sent"], line["at"]))
        elif saw:
            self._histories[known].add(line["at"], saw, line["side"])

    def _judge_stale(self, stale):
        read = stale.read
        if not read["is_open"]:
            self._verdict.behind_on_a_closed_side += 1
            return
        at, value, side = next((known for known in stale.missed if known[2] == read["side"]), stale.missed[0])
        age_ms = 1000 * (read["sent"] - at)
        if side != read["side"] and stale.mode == "shared" and any(
                begins <= read["sent"] <= ends and (delay_ms is None or age_ms <= delay_ms)
                for begins, ends, delay_ms in self._announced):
            self._verdict.behind_as_announced += 1
            return
        self._verdict.complain("went-back", f"{read['session']} saw {read['saw']} as {read['what']} {read['key']} on "
                               f"{read['side']}, where {value} was known on {side} {age_ms:.1f} ms before", stale.line)


def _facts(write):
    """What a reader can see once the write is done: ((what, key), value)."""
    facts = [(("row", write.row), 1)]
    return facts if write.op == "insert" else [*facts, (("counter", write.key), write.value)]


def _read(lines, verdict):
    """(number, object) of each whole line. Only the very last may be cut short."""
    for number, text in enumerate(lines, start=1):
        if not text.endswith("\n"):
            verdict.is_last_line_torn = True
            return
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise CannotJudge(f"line {number} is no JSON object: {text[:80]!r}")
        yield number, line


class Tables:
    """What one server holds."""

    def __init__(self, lines):
        self.rows = collections.defaultdict(list)    # key -> [value]
        self.ids = {}                                # id -> (key, value)
        self.counters = {}
        for number, text in enumerate(lines, start=1):
            try:
                line = json.loads(text)
                if "row" in line:
                    ident, key, value = line["row"]
                    self.rows[key].append(value)
                    self.ids[ident] = (key, value)
                else:
                    key, value = line["counter"]
                    self.counters[key] = value
            except (ValueError, KeyError, TypeError):
                raise CannotJudge(f"line {number} of a server's tables: {text[:80]!r}") from None


def _by_row(writes):
    """{row: its write}: a refused one may have been sent again, which then is the one that counts."""
    rows = {}
    for write in writes:
        before = rows.get(write.row)
        if before is not None and before.outcome != "refused":
            raise CannotJudge(f"line {write.line}: {write.row} is written again after line {before.line}, which was "
                              f"{before.outcome}")
        rows[write.row] = write
    return rows


def _judge_tables(name, tables, known, verdict):
    last = {}    # counter -> {outcome: highest value}
    for write in known.values():
        values = tables.rows.get(write.row, [])
        write.is_there = write.is_there or bool(values)
        if write.outcome == "acknowledged" and not values:
            verdict.complain("lost", f"{write.row}, acknowledged by {write.side} to {write.session}, is not on {name}", write.line)
        if write.outcome == "refused" and values:
            verdict.complain("resurrected", f"{write.row}, refused by {write.side}, is on {name}", write.line)
        if len(values) > 1:
            verdict.complain("doubled", f"{write.row} is {len(values)} times on {name}", write.line)
        if any(value != str(write.value) for value in values):
            verdict.complain("altered", f"{write.row} is {values} on {name}, was {write.value!r}", write.line)
        if write.op == "step":
            counter = last.setdefault(write.key, {"acknowledged": 0, "ambiguous": 0, "line": write.line})
            if write.outcome in counter:
                counter[write.outcome] = max(counter[write.outcome], write.value)
    for row in tables.rows:
        if row not in known:
            verdict.complain("foreign", f"nobody wrote {row}, which is on {name}")
    for key in tables.counters:
        if key not in last:
            verdict.complain("foreign", f"nobody wrote the counter {key}, which is on {name}")
    for key, counter in last.items():
        _judge_counter(name, tables, key, counter, verdict)


def _judge_counter(name, tables, key, counter, verdict):
    value = tables.counters.get(key, 0)
    if value < counter["acknowledged"]:
        verdict.complain("lost", f"counter {key} is {value} on {name}, {counter['acknowledged']} was acknowledged", counter["line"])
    elif value > max(counter["acknowledged"], counter["ambiguous"]):
        verdict.complain("altered", f"counter {key} is {value} on {name}, which nobody wrote", counter["line"])
    has_next = bool(tables.rows.get(f"{key}#{value + 1}"))
    if has_next or (value and not tables.rows.get(f"{key}#{value}")):
        verdict.complain("torn", f"counter {key} is {value} on {name}, and its rows say something else", counter["line"])


def _judge_sides(servers, verdict):
    """All servers hold the same: ids, keys, values, counters."""
    (first, reference), *others = servers.items()
    for name, tables in others:
        for what in ("ids", "counters"):
            here, there = getattr(reference, what), getattr(tables, what)
            differing = [key for key in here.keys() | there.keys() if here.get(key) != there.get(key)]
            for key in sorted(differing, key=str):
                verdict.complain("sides-differ", f"{what[:-1]} {key} is {here.get(key)} on {first}, {there.get(key)} on {name}")


def judge(ledger, servers):
    """ledger: lines of text; servers: {name: lines of text}. CannotJudge when they are not what they have to be."""
    if not servers:
        raise CannotJudge("the tables of no server were given")
    verdict = Verdict()
    known = _by_row(Ledger(ledger, verdict).writes.values())
    tables = {name: Tables(lines) for name, lines in servers.items()}
    for name, held in tables.items():
        _judge_tables(name, held, known, verdict)
    _judge_sides(tables, verdict)
    for write in known.values():
        if write.outcome == "ambiguous":
            (verdict.ambiguous_there if write.is_there else verdict.ambiguous_absent).append(write.row)
    return verdict


def judge_files(ledger, servers):
    """The same with paths."""
    with open(ledger, encoding="utf-8", newline="\n") as lines:
        return judge(lines, {name: _lines(path) for name, path in servers.items()})


def _lines(path):
    with open(path, encoding="utf-8") as file:
        yield from file


def main(words):
    if len(words) < 2 or not all("=" in word for word in words[1:]):
        print("usage: ledger_check.py LEDGER SERVER=TABLES...", file=sys.stderr)
        return 2
    try:
        verdict = judge_files(words[0], dict(word.split("=", 1) for word in words[1:]))
    except (CannotJudge, OSError) as error:
        print(f"ledger_check: {error}", file=sys.stderr)
        return 2
    print(json.dumps(verdict.as_dict(), indent=2))
    return 0 if verdict.is_kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
