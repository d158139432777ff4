# SPDX-License-Identifier: MIT
"""A lab for each pair of versions whose servers are asked what they are made of: nothing runs there but the servers."""

import contextlib

import pytest

from tests.lab.lab import Lab
from tests.lab.servers import Absent

PAIRS = {"mariadb-10.5 to 11.8": ("mariadb-10.5", "mariadb-11.8"), "mysql to mysql": ("mysql", "mysql")}


@contextlib.contextmanager
def lab_of(pair, ssh=False):
    old, new = PAIRS[pair]
    try:
        lab = Lab(mb=1, replicas=0, dns=False, cloudflare=False, site=False, old=old, new=new, ssh=ssh)
    except Absent as absent:
        pytest.skip(str(absent))
    with lab:
        yield lab
