# SPDX-License-Identifier: MIT
"""A seed between servers of different kinds, whatever kinds the other tests run on: with writes going on, everything
awkward arrives on every node of NEW as it is on OLD, in rows and in the statements that make it, and `verify` says so."""

import re

import pytest

from tests.integration import awkward, programs
from tests.lab.lab import Lab
from tests.lab.procs import wait_until
from tests.lab.servers import Absent

PAIRS = [("mysql", "mysql"), ("mariadb-10.11", "mariadb-11.8"), ("mariadb-10.5", "mariadb-11.8")]


@pytest.fixture(scope="module")
def seed():
    program = programs.build("seed_check")
    return lambda lab, *args: programs.run(program, lab.cfg_path, *args)


@pytest.fixture(scope="module", params=PAIRS, ids="-to-".join)
def lab(request):
    try:
        lab = Lab(mb=2, dns=False, cloudflare=False, site=False, old=request.param[0], new=request.param[1])
    except Absent as absent:
        pytest.skip(str(absent))
    with lab:
        awkward.plant(lab)
        yield lab


def in_one_order(statement):
    """MariaDB 11 says INVISIBLE after DEFAULT. How much is said of character sets depends on the version, and on how much
    the one who made the table said: what they are is compared by collations()."""
    statement = re.sub(r" INVISIBLE( DEFAULT \S+?)(?=,?\n)", r"\1 INVISIBLE", statement)
    return re.sub(r" (?:CHARACTER SET|DEFAULT CHARSET=|COLLATE=?) ?\w+", "", statement)


def test_everything_arrives_while_writes_go_on(lab, seed):
    with awkward.Writer(lab.old.primary) as writer:
        wait_until(lambda: writer.count > 20, 30, "the writer")
        done = seed(lab, "copy", "old")
        assert done.returncode == 0, done.answer
        wait_until(lambda count=writer.count: writer.count > count + 20, 30, "the writer")
        programs.follow(lab, done["position"])
        compared = lab.cutover("verify")
        assert compared.returncode == 0, compared.stdout + compared.stderr
    old = lab.old.primary
    old.query("SET GLOBAL event_scheduler = OFF")  # the last one that writes
    programs.caught_up(lab)
    lab.new.wait_replicas()
    expected = awkward.statements(old)
    for server in lab.new.nodes:
        made = awkward.statements(server)
        assert made.keys() == expected.keys()
        for name, statement in expected.items():
            assert in_one_order(made[name]) == in_one_order(statement), (server, name)
            assert awkward.rows(server, name) == awkward.rows(old, name), (server, name)
        assert collations(server) == collations(old)
        assert awkward.programs(server) == awkward.programs(old)
    assert done["barrier_ms"] < 1000


def collations(server):
    """The collation of every column, and what a table or the database gives to new ones."""
    rows = server.query(
        "SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS what, COLLATION_NAME AS is_so FROM information_schema.COLUMNS"
        " WHERE TABLE_SCHEMA = 'blog' AND COLLATION_NAME IS NOT NULL"
        " UNION SELECT TABLE_NAME, TABLE_COLLATION FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'blog'"
        " AND TABLE_COLLATION IS NOT NULL"
        " UNION SELECT '', DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'blog'")
    return {row["what"]: re.sub("^utf8_", "utf8mb3_", row["is_so"]) for row in rows}
