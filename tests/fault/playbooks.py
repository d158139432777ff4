# SPDX-License-Identifier: MIT
"""The shipped playbooks with every wait cut short: the same steps in the same order.

A row that fits nowhere is an error: then a playbook has changed and the row is stale.
"""

import re
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "playbooks"

SHORTER = (
    (r"\bttl\s*=\s*60\b", "ttl = 2"),
    (r"(lag < )\w+ for (?:30|10|5)s", r"\g<1>2s for 200ms"),
    (r'\bfor\s*=\s*"15m"', 'for = "1s"'),
    (r'(\btimeout\s*=\s*)"(?:10|2)m"', r'\g<1>"20s"'),
    (r'(\bbudget\s*=\s*)"2s"', r'\g<1>"10s"'),
)


def shorten(target):
    """Write shortened copies of all playbooks into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    unused = {pattern for pattern, _ in SHORTER}
    for source in sorted(SHIPPED.glob("*.cfg")):
        text = source.read_text(encoding="utf-8")
        for pattern, shorter in SHORTER:
            text, count = re.subn(pattern, shorter, text)
            if count:
                unused.discard(pattern)
        (target / source.name).write_text(text, encoding="utf-8")
    assert not unused, f"no shipped playbook has {unused}: playbooks.py is stale"


def is_shared(path):
    """May both sides be open while this playbook is run?"""
    return re.search(r'\bmode\s*=\s*"shared"', path.read_text(encoding="utf-8")) is not None
