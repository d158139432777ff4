# SPDX-License-Identifier: MIT
"""Is the journal whole, and does it agree with what happened? Read with SQLite's own library, past the program."""

import hashlib
import json
import sqlite3

GENESIS = "0" * 64


def complaints_about(path):
    """What is wrong with the journal at `path`, when no run is under way any more."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as journal:
        return [*_broken_chain(journal), *_runs_without_end(journal)]


def _broken_chain(journal):
    before = GENESIS
    for seq, run, at_us, name, detail, prev, found in journal.execute(
            "SELECT seq, run_id, at_us, name, detail, prev_hash, hash FROM event ORDER BY seq"):
        text = f"{before}\n{run}\n{at_us}\n{name}\n{detail}"
        if prev != before or found != hashlib.sha256(text.encode()).hexdigest():
            return [f"the journal's chain is broken at event {seq}, {name}"]
        before = found
    return []


def _runs_without_end(journal):
    said = []
    for run, state, is_committed, plan in journal.execute("SELECT id, state, is_committed, plan FROM run"):
        steps = dict(journal.execute("SELECT number, state FROM step WHERE run_id = ?", (run,)))
        parts = json.loads(plan)["steps"]
        if state == "done":
            open_ones = [parts[i]["id"] for i in range(len(parts)) if steps.get(i) != "done"]
        elif state == "aborted":  # one that has committed was given up for a rollback, which undoes nothing
            open_ones = [] if is_committed else [parts[i]["id"] for i, found in steps.items()
                                                 if parts[i]["undo"] and found != "undone"]
        else:
            said.append(f"run {run} is {state} in the journal, but nothing is under way")
            continue
        if open_ones:
            said.append(f"run {run} is {state} in the journal, but its parts {', '.join(open_ones)} are "
                        + ", ".join(sorted({str(steps.get(i)) for i in range(len(parts))})))
    return said
