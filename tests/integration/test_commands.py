# SPDX-License-Identifier: MIT
"""check, status and verify on real servers: what they say is true, what they cannot know they call unknown, and their
exit codes can be relied on. The tests run in order: the last ones come after the two sides were joined."""

import contextlib
import json
import os

import pytest

from tests.lab.lab import DNS_ONLY, PROXIED, REPOSITORY, Lab
from tests.lab.procs import wait_until

CUTOVER = REPOSITORY / os.environ.get("BUILD", "build") / "cutover"
KEY = "test.difference"


@pytest.fixture(scope="module", name="lab")
def running_lab():
    with Lab(mb=1) as lab:
        yield lab


@pytest.fixture(scope="module")
def joined(lab):
    """The lab with NEW following OLD."""
    done = run(lab, "run", REPOSITORY / "playbooks/1-follow.cfg", "--yes")
    assert done.returncode == 0, done.stderr
    return lab


def run(lab, *words, cfg=None):
    return lab.cutover(*words, cfg=cfg, binary=CUTOVER)


def facts(lab, *words, cfg=None, code=0):
    """The command's JSON."""
    done = run(lab, *words, "--json", cfg=cfg)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def link(status, name):
    [found] = [entry for entry in status["links"] if entry["link"] == name]
    return found


def findings(lab, check, code):
    return [found for found in facts(lab, "check", code=code)["findings"]
            if found["check"].startswith(check) and found["severity"] in ("warn", "block")]


@contextlib.contextmanager
def setting(server, name, value):
    """A global variable for a while."""
    before = server.value(f"SELECT @@GLOBAL.{name}")
    server.query(f"SET GLOBAL {name} = %s", [value])
    try:
        yield
    finally:
        server.query(f"SET GLOBAL {name} = %s", [before])


def test_status_names_the_situation_and_does_not_invent_a_lag(lab):
    status = facts(lab, "status")
    assert status["situation"] == "apart"
    assert {node["role"] for node in status["nodes"]} == {"primary", "replica"}
    assert [node["is_open"] for node in status["nodes"]] == [True, False, False, False]
    for name in ("forward", "reverse"):
        assert (link(status, name)["exists"], link(status, name)["lag_ms"]) == (False, None)
    assert status["lease"]["holder"] == ""
    assert status["verification"] is None


def test_status_asks_the_provider_the_name_servers_and_the_resolver(lab):
    dns = facts(lab, "status")["dns"]
    assert dns["points_to"] == "old"
    assert {record["name"]: record["is_proxied"] for record in dns["records"]} == {PROXIED: True, DNS_ONLY: False}
    leads = {(answer["name"], answer["is_authoritative"]): answer["leads_to"] for answer in dns["answers"]}
    assert leads == {(PROXIED, True): "edge", (PROXIED, False): "edge", (DNS_ONLY, True): "OLD", (DNS_ONLY, False): "OLD"}


def test_status_in_a_pipe_has_neither_colours_nor_progress(lab):
    done = run(lab, "status")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\033" not in done.stdout
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())


def test_what_cannot_be_reached_is_unknown_not_closed(lab):
    server = lab.new.primary
    server.stop()
    try:
        status = facts(lab, "status")
        [node] = [node for node in status["nodes"] if node["side"] == "new" and node["role"] == "primary"]
        assert (node["is_reached"], node["is_open"]) == (False, None)
        assert node["error"]
        assert link(status, "forward")["is_running"] is None
        assert status["situation"] == "unsafe"
        assert any(server.address in found["subject"] for found in findings(lab, "", 3))
    finally:
        server.start()
    wait_until(lambda: facts(lab, "status")["situation"] == "apart", 30, "the situation to be what it was")


def test_check_complains_about_the_table_without_a_key_but_does_not_block(lab):
    [found] = findings(lab, "tables.primary_key", 0)
    assert (found["severity"], found["subject"]) == ("warn", "blog.audit_log")
    assert found["fix"] and found["why"]


def test_check_blocks_on_statement_format_and_says_how_to_mend_it(lab):
    with setting(lab.new.primary, "binlog_format", "STATEMENT"):
        blocking = [found for found in findings(lab, "binlog", 3) if found["severity"] == "block"]
        assert [found["subject"] for found in blocking] == [f"{lab.new.primary.address}:{lab.new.primary.port}"]
        assert "STATEMENT" in blocking[0]["found"]
        assert "ROW" in blocking[0]["fix"]
        done = run(lab, "check")
        assert done.returncode == 3
        assert done.stdout.startswith("block")
        assert "do not migrate yet" in done.stdout.splitlines()[-1]


def test_a_wrong_token_blocks(lab):
    secret = lab.config.secret("wrong-token", "not-a-token")
    cfg = lab.config.variant("wrong-token", lambda settings: settings["dns"].update(token=secret))
    blocking = [found for found in facts(lab, "check", cfg=cfg, code=3)["findings"] if found["severity"] == "block"]
    assert any(found["check"].startswith("dns") for found in blocking)


def test_a_secret_that_others_can_read_is_a_wrong_configuration(lab):
    secret = lab.config.secret("open", lab.accounts["controller"].password, mode=0o644)
    cfg = lab.config.variant("open", lambda settings: settings["accounts"]["controller"].update(password=secret))
    done = run(lab, "status", cfg=cfg)
    assert done.returncode == 2
    assert "open" in done.stderr
    assert lab.accounts["controller"].password not in done.stderr


def test_sides_without_a_link_cannot_be_compared(lab):
    done = run(lab, "verify")
    assert done.returncode == 3
    assert "no link runs" in done.stderr


def test_lag_is_measured_once_there_is_a_link(joined):
    status = facts(joined, "status")
    assert status["situation"] == "following"
    forward = link(status, "forward")
    assert forward["is_running"] is True
    assert 0 <= forward["lag_ms"] < 5000
    assert link(status, "reverse")["lag_ms"] is None
    assert status["run"]["state"] == "done"


def test_equal_sides_exit_with_0_and_are_remembered(joined):
    report = facts(joined, "verify")
    assert (report["is_equal"], report["source"], report["difference_count"]) == (True, "old", 0)
    assert report["tables"] > 12 and report["rows"] > 1000
    verification = facts(joined, "status")["verification"]
    assert verification["is_complete"] and verification["differences"] == 0
    assert verification["rows"] >= report["rows"]
    assert verification["age_ms"] < 60_000


def test_a_difference_is_named_by_table_key_column_and_both_values(joined):
    joined.old.primary.query("INSERT INTO blog.settings VALUES (%s, 'kept')", [KEY])
    wait_until(lambda: joined.new.primary.value("SELECT COUNT(*) FROM blog.settings WHERE `key` = %s", [KEY]), 10,
               "the row to arrive")
    joined.new.primary.query(f"SET sql_log_bin = 0; UPDATE blog.settings SET value = 'lost' WHERE `key` = '{KEY}'")

    [found] = facts(joined, "verify", "--table", "blog.settings", code=3)["differences"]
    assert (found["kind"], found["table"], found["column"]) == ("changed", "blog.settings", "value")
    assert KEY in found["key"]
    assert (found["source_value"], found["replica_value"]) == ("'kept'", "'lost'")

    done = run(joined, "verify", "--table", "blog.settings")
    assert done.returncode == 3
    for word in ("blog.settings", KEY, "value", "kept", "lost", "different: 1 tables"):
        assert word in done.stdout
    assert facts(joined, "status")["verification"]["differences"] == 1


def test_a_table_that_is_not_there_is_refused(joined):
    done = run(joined, "verify", "--table", "blog.no_such_table")
    assert done.returncode in (1, 2, 3)
    assert "blog.no_such_table" in done.stderr


def test_a_result_goes_to_its_reader_and_nothing_else_does(joined):
    done = run(joined, "verify", "--table", "blog.tags", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
