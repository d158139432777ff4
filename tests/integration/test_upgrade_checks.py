# SPDX-License-Identifier: MIT
"""What check says of a move to another version, on real servers: every topic of the survey is read, what was planted is
found, and what is waived is shown."""

import json
import os

import pytest

from tests.integration.pairs import PAIRS, lab_of
from tests.lab.lab import REPOSITORY

CUTOVER = REPOSITORY / os.environ.get("BUILD", "build") / "cutover"
REFUSED = 3


@pytest.fixture(scope="module", params=PAIRS, name="lab")
def running_lab(request):
    with lab_of(request.param) as lab:
        yield lab


def check(lab, cfg=None):
    """The findings by the id of their check."""
    done = lab.cutover("check", "--json", cfg=cfg, binary=CUTOVER)
    assert done.returncode in (0, REFUSED), done.stderr
    found = {}
    for finding in json.loads(done.stdout)["findings"]:
        found.setdefault(finding["check"], []).append(finding)
    return found


def texts(findings):
    return [f"{finding['severity']} {finding['subject']}: {finding['found']}" for finding in findings]


def unlogged(server, *statements):
    server.query("SET sql_log_bin = 0; " + "; ".join(statements))


def test_every_topic_is_read_with_the_privileges_of_the_controller(lab):
    found = check(lab)
    unknown = [text for findings in found.values() for text in texts(findings) if "not known" in text]
    assert not unknown
    assert len([name for name in found if name.startswith("upgrade.")]) >= 25


def test_both_directions_are_judged(lab):
    found = check(lab)
    assert texts(found["node.flavour"])[0].startswith("ok ")
    assert texts(found["pair.forward"])[0].startswith("ok ")
    [back] = found["pair.way_back"]
    is_same = lab.kinds["old"] == lab.kinds["new"]
    assert back["severity"] == ("ok" if is_same else "warn")
    assert is_same or "VECTOR" in back["found"]


def test_what_the_other_side_does_not_know_is_found_in_the_schema(lab):
    new = lab.new.primary
    unlogged(new, "CREATE DATABASE IF NOT EXISTS blog", "CREATE TABLE blog.child (id INT PRIMARY KEY, v VECTOR(3))")
    try:
        found = check(lab)
        features = texts(found["pair.features"])
        if lab.kinds["old"] == lab.kinds["new"]:
            assert features[0].startswith("ok ")
        else:
            assert any(text.startswith("warn blog.child.v: NEW uses columns of type VECTOR") for text in features)
            assert any("utf8mb4_uca1400_ai_ci" in text for text in texts(found["upgrade.default_collations"]))
    finally:
        unlogged(new, "DROP DATABASE blog")


def test_a_setting_that_differs_is_found(lab):
    new = lab.new.primary
    before = new.value("SELECT @@GLOBAL.group_concat_max_len")
    new.query("SET GLOBAL group_concat_max_len = 4321")
    try:
        assert any("4321" in text and text.startswith("warn ") for text in texts(check(lab)["upgrade.group_concat"]))
    finally:
        new.query(f"SET GLOBAL group_concat_max_len = {before}")


def planted(server, *last):
    unlogged(server, "CREATE DATABASE IF NOT EXISTS blog",
             "CREATE TABLE blog.planted (id INT AUTO_INCREMENT PRIMARY KEY, v INT) STATS_PERSISTENT = 1 STATS_AUTO_RECALC = 0",
             "INSERT INTO blog.planted (v) VALUES (1), (2)",
             *["INSERT INTO blog.planted (v) SELECT v + id FROM blog.planted"] * 10, *last)


def test_what_the_optimizer_of_new_was_not_told_is_found(lab):
    """A copy brings no counts along, and no statistics of columns; a closed MySQL makes no histogram at all."""
    old, new = lab.old.primary, lab.new.primary
    count = "ANALYZE NO_WRITE_TO_BINLOG TABLE blog.planted"
    of_columns = "UPDATE HISTOGRAM ON v" if lab.kinds["old"].flavour == "mysql" else "PERSISTENT FOR COLUMNS (v) INDEXES ()"
    before = new.value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'blog'")
    try:
        planted(old, count, f"{count} {of_columns}")
        planted(new)
        found = {finding["subject"]: finding for finding in check(lab)["tables.statistics"]}
        assert {finding["severity"] for finding in found.values()} == {"warn"}
        assert "OLD counted 2048 rows" in found["blog.planted"]["found"] and "NEW 0 " in found["blog.planted"]["found"]
        assert "NEW has none" in found["blog.planted.v"]["found"] and "blog.planted" in found["blog.planted.v"]["fix"]
        unlogged(new, count)
        assert "blog.planted" not in {finding["subject"] for finding in check(lab)["tables.statistics"]}
        new.query("SET GLOBAL read_only = 0")
        unlogged(new, f"{count} {of_columns}")
        new.query("SET GLOBAL read_only = 1")
        assert not [text for text in texts(check(lab)["tables.statistics"]) if "planted" in text]
    finally:
        new.query("SET GLOBAL read_only = 1")
        unlogged(new, "DROP TABLE IF EXISTS blog.planted" if before else "DROP DATABASE IF EXISTS blog")
        unlogged(old, "DROP TABLE IF EXISTS blog.planted")


def test_links_that_stay_stopped_after_a_restart_are_found(lab):
    """MySQL has a variable for it; of MariaDB only the option files tell, and this lab's hosts have no ssh."""
    new = lab.new.primary
    if lab.kinds["new"].flavour != "mysql":
        assert {(finding["severity"], finding["found"]) for finding in check(lab)["replica.restart"]} == \
            {("note", "not looked at: its host has no group ssh")}
        return
    assert [finding["severity"] for finding in check(lab)["replica.restart"]] == ["ok"]
    new.query("SET PERSIST_ONLY skip_replica_start = ON")
    try:
        new.restart()
        assert texts(check(lab)["replica.restart"]) == \
            ["warn NEW: skip_replica_start is ON: after a restart its links stay stopped until somebody starts them"]
    finally:
        new.query("RESET PERSIST skip_replica_start")
        new.restart()


def test_what_is_waived_warns_and_says_who_answers_for_it(lab):
    new = lab.new.primary
    cfg = lab.config.path.with_name("waived.cfg")
    cfg.write_text(lab.config.path.read_text() + 'waivers = ( { check = "upgrade.skipped_errors"; by = "Jane Doe"; '
                   'why = "a rehearsal"; until = "2199-01-01T00:00:00Z"; } );\n')
    new.query("SET GLOBAL slave_exec_mode = 'IDEMPOTENT'")
    try:
        assert any(text.startswith("block ") for text in texts(check(lab)["upgrade.skipped_errors"]))
        waived = check(lab, cfg)["upgrade.skipped_errors"]
        assert [finding["severity"] for finding in waived] == ["warn"] * len(waived)
        assert all("waived by Jane Doe" in finding["waived"] and "a rehearsal" in finding["waived"] for finding in waived)
    finally:
        new.query("SET GLOBAL slave_exec_mode = 'STRICT'")
