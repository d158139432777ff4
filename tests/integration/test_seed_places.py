# SPDX-License-Identifier: MIT
"""A copy of tables whose files are not where a server keeps its files: in a folder of their own, in a tablespace."""

import pytest

from tests.integration.service import DONE, REFUSED, Done
from tests.lab import kinds
from tests.lab.lab import Lab

PLAYBOOK = """
playbook = {
  name = "copied"; about = "NEW becomes a copy of OLD and follows it."; needs = "apart";
  steps = ( { name = "seed"; action = "seed"; }, { name = "follow"; action = "follow"; }, { name = "verify"; action = "verify"; } );
};
"""
RESET = """
playbook = { name = "reset"; about = "NEW is empty."; needs = [ "apart", "following" ];
             steps = ( { name = "reset"; action = "reset"; } ); };
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder that OLD may write to."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for place in (folder, folder.parent, folder.parent.parent):
        place.chmod(0o755 if place != folder else 0o777)
    return folder


@pytest.fixture(scope="module")
def lab(elsewhere):
    flavour = kinds.find(kinds.default("old")).flavour
    options = {"old1": {"innodb-directories": elsewhere}} if flavour == "mysql" else {}
    with Lab(mb=1, replicas=0, dns=False, cloudflare=False, site=False, options=options) as lab:
        for name, text in (("copied", PLAYBOOK), ("reset", RESET)):
            (lab.root / f"{name}.cfg").write_text(text)
        yield lab


def run(lab, name):
    return Done(["run", name], lab.cutover("run", lab.root / f"{name}.cfg", "--yes", timeout=300))


def test_a_table_in_a_folder_of_its_own_comes_to_lie_with_the_others(lab, elsewhere):
    old, new = lab.old.primary, lab.new.primary
    old.query(f"CREATE TABLE blog.away (id INT PRIMARY KEY, t VARCHAR(20)) DATA DIRECTORY = '{elsewhere}'")
    old.query(f"CREATE TABLE blog.parts (id INT PRIMARY KEY) PARTITION BY RANGE (id)"
              f" (PARTITION low VALUES LESS THAN (10) DATA DIRECTORY = '{elsewhere}', PARTITION high VALUES LESS THAN MAXVALUE)")
    old.query("INSERT INTO blog.away VALUES (1, 'x'), (2, 'y'); INSERT INTO blog.parts VALUES (1), (11)")
    assert (elsewhere / "blog").is_dir(), "they lie elsewhere on OLD"
    run(lab, "copied").ended(DONE, r"compared \d+ tables, \d+ rows .* 0 difference")
    Done(["report"], lab.cutover("report")).ended(DONE, "known of the copy on NEW: each of its nodes took every row .* are not compared yet")
    assert new.query("SELECT * FROM blog.away") == [{"id": 1, "t": "x"}, {"id": 2, "t": "y"}]
    assert list(new.data.glob("blog/away.ibd")) and list(new.data.glob("blog/parts#*low.ibd"))
    run(lab, "reset").ended(DONE)
    old.query("DROP TABLE blog.away, blog.parts")


def test_a_tablespace_that_new_lacks_is_named_and_nothing_is_touched(lab):
    old, new = lab.old.primary, lab.new.primary
    if old.kind.flavour != "mysql":
        pytest.skip("MariaDB has no tablespaces that somebody makes")
    new.query("SET sql_log_bin = 0; CREATE DATABASE blog; CREATE TABLE blog.precious (id INT PRIMARY KEY)")
    old.query("CREATE TABLESPACE shared ADD DATAFILE 'shared.ibd'")
    old.query("CREATE TABLE blog.guest (id INT PRIMARY KEY) TABLESPACE = shared")
    run(lab, "copied").ended(REFUSED, r'blog/guest lies in the tablespace "shared", which \S+ does not have', "CREATE TABLESPACE `shared`")
    assert new.query("SHOW TABLES FROM blog LIKE 'precious'"), "NEW has what it had"
    new.query("SET sql_log_bin = 0; DROP DATABASE blog; CREATE TABLESPACE shared ADD DATAFILE 'shared.ibd'")
    old.query("INSERT INTO blog.guest VALUES (1)")
    run(lab, "copied").ended(DONE, "0 difference")
    assert new.query("SELECT * FROM blog.guest") == [{"id": 1}]
