# SPDX-License-Identifier: MIT
"""The data set of the comparison's bench is the same on every kind of server."""

import re

import pytest

from . import data


@pytest.mark.parametrize("flavour", ["mariadb", "mysql"])
def test_every_table_is_filled_with_as_many_rows_as_are_counted_on(flavour):
    fills = [fill for _, fill in data.statements(flavour, 50)]
    assert len(fills) == len(data.TABLES)
    for fill, rows in zip(fills, data.rows_of(50).values()):
        assert re.search(rf"\b(seq_1_to_|seq < ){rows}\b", fill), fill


def test_mysql_is_asked_for_nothing_that_only_mariadb_has():
    for _, fill in data.statements("mysql", 50):
        assert "seq_1_to" not in fill
        assert not re.search(r"\b(MD5|SHA1)\(", fill), fill
