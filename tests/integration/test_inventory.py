# SPDX-License-Identifier: MIT
"""What both sides are made of, of real servers: everything is read, what changed between two of them is told, in three
forms, and no secret is kept."""

import contextlib
import json
import os
import sqlite3

import jsonschema
import pytest

from tests.lab.lab import REPOSITORY, Lab
from tests.lab.servers import Absent

CUTOVER = REPOSITORY / os.environ.get("BUILD", "build") / "cutover"
PAIRS = {"mariadb-10.5 to 11.8": ("mariadb-10.5", "mariadb-11.8"), "mysql to mysql": ("mysql", "mysql")}
SCHEMA = json.loads((REPOSITORY / "etc/schema/inventory.json").read_text())
PLANTED = "Hunter2-Secret"


@pytest.fixture(scope="module", params=PAIRS, name="lab")
def running_lab(request):
    old, new = PAIRS[request.param]
    try:
        lab = Lab(mb=1, replicas=0, dns=False, cloudflare=False, site=False, old=old, new=new)
    except Absent as absent:
        pytest.skip(str(absent))
    with lab:
        yield lab


def said(lab, *words, code=0):
    done = lab.cutover("inventory", *words, binary=CUTOVER)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def document(lab, *words):
    found = json.loads(said(lab, *words, "--json"))
    problems = sorted(jsonschema.Draft202012Validator(SCHEMA).iter_errors(found), key=str)
    assert not problems, f"{problems[0].json_path}: {problems[0].message}"
    return found


def test_everything_is_read_with_the_privileges_of_the_controller(lab):
    found = document(lab)
    assert [side["is_read"] for side in found["sides"].values()] == [True, True]
    old = found["sides"]["old"]["sections"]
    assert old["variables"]["binlog_format"] == "ROW"
    assert {"blog.posts", "blog.audit_log"} <= set(old["tables"]) and old["sizes"]["blog.posts"] > 0
    assert "blog.published_articles" in old["views"] and "blog.tick" in old["events"]
    assert "blog.slugify function" in old["routines"] and len(old["triggers"]) == 3
    assert "'app'@'127.%'" in old["accounts"] and "'cutover'@'127.0.0.1'" in old["accounts"]
    assert any(name.startswith("'app'@'127.%' ") for name in old["grants"])
    assert found == document(lab, str(found["id"])), "what was recorded is what was printed"


def test_what_changed_since_is_told_and_nothing_else(lab):
    old = lab.old.primary
    first = document(lab)["id"]
    before = old.value("SELECT @@GLOBAL.max_connections")
    old.query("SET GLOBAL max_connections = 77; ALTER TABLE blog.posts ADD COLUMN extra INT; "
              f"CREATE USER 'odd|name'@'%' IDENTIFIED BY '{PLANTED}'")
    try:
        found = document(lab, "--diff", str(first))
        changed = {(change["side"], change["section"], change["name"]) for change in found["changes"]
                   if change["section"] != "set"}
        assert changed == {("old", "variables", "max_connections"), ("old", "tables", "blog.posts"),
                           ("old", "accounts", "'odd|name'@'%'")}, found["changes"]
        [room] = [change for change in found["changes"] if change["name"] == "max_connections"
                  and change["section"] == "variables"]
        assert (room["before"], room["after"]) == (str(before), "77")
        last = found["between"][1]
        assert document(lab, "--diff", str(last), str(last))["changes"] == []
        assert "odd\\|name" in said(lab, "--diff", str(first), str(last), "--format", "markdown")
        assert "max_connections" in said(lab, "--diff", str(first), str(last))
    finally:
        old.query(f"DROP USER 'odd|name'@'%'; ALTER TABLE blog.posts DROP COLUMN extra; SET GLOBAL max_connections = {before}")


def test_what_differs_between_the_sides_is_told(lab):
    found = document(lab, "--diff")
    assert found["between"] == ["old", "new"]
    [posts] = [change for change in found["changes"] if change["name"] == "blog.posts"]
    assert posts["before"].startswith("InnoDB") and posts["after"] is None
    own = {change["name"] for change in found["changes"]} & {"hostname", "port", "server_id", "datadir", "gtid_binlog_pos"}
    assert not own


def test_no_secret_is_in_the_journal(lab):
    old = lab.old.primary
    old.query(f"CREATE USER 'planted'@'%' IDENTIFIED BY '{PLANTED}'; SET GLOBAL init_connect = 'SET @password = \"{PLANTED}\"'")
    try:
        said(lab)
        proofs = [row["proof"] for row in old.query("SELECT HEX(authentication_string) AS x, CONVERT(authentication_string USING "
                                                    "utf8mb4) AS proof FROM mysql.user") if len(row["x"] or "") > 40]
        with contextlib.closing(sqlite3.connect(lab.config.path.with_name("journal.db"))) as journal:
            bodies = "".join(body for (body,) in journal.execute("SELECT body FROM inventory"))
        assert "'planted'@'%'" in bodies and '"init_connect":"(not recorded)"' in bodies
        assert PLANTED not in bodies and proofs and not [proof for proof in proofs if proof in bodies]
    finally:
        old.query("DROP USER 'planted'@'%'; SET GLOBAL init_connect = ''")


def test_a_side_that_is_away_is_not_known_and_equal_to_nothing(lab):
    lab.new.primary.stop()
    try:
        found = document(lab)
        assert found["sides"]["new"] == {"is_read": False, "error": found["sides"]["new"]["error"], "sections": {}}
        assert "NEW was not read" in said(lab, "--diff", code=3)
        assert "not read" in said(lab, "--list")
        assert json.loads(said(lab, "--list", "--json"))["inventories"][-1]["new_bytes"] is None
    finally:
        lab.new.primary.start()


def test_a_number_that_nobody_recorded_is_refused_with_the_way_to_those_that_are(lab):
    assert "--list" in said(lab, "999", code=3)
    assert "no number" in said(lab, "--diff", "yesterday", code=1)
