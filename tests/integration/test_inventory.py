# SPDX-License-Identifier: MIT
"""What both sides are made of, of real servers: everything is read, what changed between two of them is told, in three
forms, and no secret is kept."""

import contextlib
import json
import os
import re
import socket
import sqlite3
import time
import uuid
from pathlib import Path

import jsonschema
import pytest

from tests.integration.pairs import PAIRS, lab_of
from tests.lab.lab import REPOSITORY

CUTOVER = REPOSITORY / os.environ.get("BUILD", "build") / "cutover"
SCHEMA = json.loads((REPOSITORY / "etc/schema/inventory.json").read_text())
PLANTED = "Hunter2-Secret"


@pytest.fixture(scope="module", params=PAIRS, name="lab")
def running_lab(request):
    with lab_of(request.param, ssh=True) as lab:
        yield lab


def said(lab, *words, code=0, cfg=None):
    done = lab.cutover("inventory", *words, cfg=cfg, binary=CUTOVER)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def document(lab, *words, cfg=None):
    found = json.loads(said(lab, *words, "--json", cfg=cfg))
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
                   if change["section"] != "set" and not change["section"].startswith("host")}
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
        bodies = recorded(lab)
        assert "'planted'@'%'" in bodies and '"init_connect":"(not recorded)"' in bodies
        assert PLANTED not in bodies and proofs and not [proof for proof in proofs if proof in bodies]
    finally:
        old.query("DROP USER 'planted'@'%'; SET GLOBAL init_connect = ''")


@contextlib.contextmanager
def plant(path, text):
    """A file on the host, until the end; None where only root may write."""
    if not os.access(path.parent, os.W_OK):
        yield None
        return
    path.write_text(text)
    try:
        yield path
    finally:
        path.unlink()


def recorded(lab):
    with contextlib.closing(sqlite3.connect(lab.config.path.with_name("journal.db"))) as journal:
        return "".join(body for (body,) in journal.execute("SELECT body FROM inventory"))


def test_the_hosts_are_told_and_no_secret_of_theirs_is_kept(lab):
    server = lab.old.primary
    cron = f"0 0 31 2 * root MYSQL_PWD={PLANTED} mysqldump -p{PLANTED} --password={PLANTED} blog # never\n"
    with plant(server.drop_in / "10-planted.cnf", f"[client]\npassword = {PLANTED}\n[mysqld]\nmax-connections = 333\n"
               f"wsrep_sst_auth = sst:{PLANTED}\n"), \
         plant(Path("/etc/cron.d") / f"cutover-{uuid.uuid4().hex}", cron) as crontab:
        found = document(lab)
        assert PLANTED not in said(lab) + said(lab, "--format", "markdown") + said(lab, "--diff")
    old = found["sides"]["old"]["sections"]
    assert "Linux" in old["host"]["kernel"] and "kB" in old["host"]["memory"] and old["host packages"]
    assert str(server.data) in old["host disks"]["data directory"] and old["host room"]["data directory: free bytes"] > 0
    assert "open files" in old["host limits"]
    assert any(name.startswith(f"tcp {server.port} ") for name in old["host ports"])
    assert any("ends " in value for value in old["host certificates"].values())
    assert old["host logs"]["files"] > 0 and old["host logs"]["bytes"] > 0
    assert abs(old["host room"]["clock: us before ours"]) <= old["host room"]["clock: known within us"], "it is one clock"
    planted = {name: value for name, value in old["host configuration"].items() if "10-planted.cnf" in name}
    assert sorted(planted.values()) == ["(not recorded)", "(not recorded)", "333"]
    assert old["host restart"]["max_connections"] == "333" and old["host restart"]["wsrep_sst_auth"] == "(not recorded)"
    if crontab:
        [line] = [name for name in old["host schedule"] if crontab.name in name]
        assert "mysqldump" in line and "(not recorded)" in line
    assert PLANTED not in recorded(lab)


def test_check_looks_at_the_hosts(lab):
    with plant(lab.old.primary.drop_in / "10-planted.cnf", "[mysqld]\nmax-connections = 333\n"):
        found = json.loads(lab.cutover("check", "--json", binary=CUTOVER).stdout)["findings"]
    links = {(finding["severity"], finding["found"]) for finding in found if finding["check"] == "replica.restart"}
    assert links == {("ok", "links begin again after a restart, on both sides")}
    of_hosts = {finding["check"] for finding in found if finding["check"].startswith("host.")}
    assert of_hosts == {"host.clock", "host.disks", "host.logs", "host.open_files", "host.smaller", "host.schedule",
                        "host.certificates", "host.restart"}
    restart = [finding["found"] for finding in found if finding["check"] == "host.restart" and finding["severity"] == "warn"]
    assert len(restart) == 1 and "max_connections" in restart[0] and "333" in restart[0], restart


def test_between_two_days_it_is_told_when_a_disk_is_full(lab):
    """The first inventory is made two days older in the journal, and its disk larger than others here could blur."""
    before = document(lab)["id"]
    lost = 2 * 10 ** 15
    with contextlib.closing(sqlite3.connect(lab.config.path.with_name("journal.db"))) as journal, journal:
        [body] = [json.loads(text) for (text,) in journal.execute("SELECT body FROM inventory WHERE id = ?", (before,))]
        body["taken_us"] -= 2 * 86_400_000_000
        body["sides"]["old"]["sections"]["host room"]["data directory: free bytes"] += lost
        journal.execute("UPDATE inventory SET body = ? WHERE id = ?", (json.dumps(body), before))
    found = document(lab, "--diff", str(before))["growth"]["old"]["disks"]
    assert 0.9 < found["data directory"]["lost_per_day"] * 2 / lost < 1.1 and found["data directory"]["full_in_days"] == 0
    assert set(found) >= {"data directory", "binary logs"}
    last = document(lab)["id"]
    for form in ("text", "markdown"):
        text = said(lab, "--diff", str(before), str(last), "--format", form)
        assert re.search(r"disk of the data directory: .* free, loses .* TB a day: full in 0 days if that goes on", text), text


def test_an_option_file_that_leaves_links_stopped_is_found(lab):
    """No variable tells of it where MariaDB runs: its option files do."""
    server = lab.old.primary
    with plant(server.drop_in / "10-planted.cnf", "[mysqld]\nskip-slave-start\n"):
        done = lab.cutover("check", "replica.restart", "--json", binary=CUTOVER)
    found = [(finding["severity"], finding["subject"], finding["found"]) for finding in json.loads(done.stdout)["findings"]]
    if server.kind.flavour == "mysql":
        assert [severity for severity, _, _ in found] == ["ok"], "what runs knows better"
    else:
        assert found == [("warn", "OLD", "skip_slave_start is ON in its option files: after a restart its links stay stopped "
                          "until somebody starts them")]


def test_a_host_that_nobody_may_log_in_to_is_not_known_and_what_is_gone_is_told(lab):
    first = document(lab)["id"]
    found = document(lab, cfg=lab.config.variant("no-ssh", lambda c: (c["new"].pop("ssh"), c["new"]["primary"].pop("ssh"))))
    new = found["sides"]["new"]
    assert "host" in found["sides"]["old"]["sections"] and not [name for name in new["sections"] if name.startswith("host")]
    assert len(new["unread"]) > 10 and set(new["unread"].values()) == {
        "not looked at: no ssh group in the configuration", "the clock was not asked"}
    diff = document(lab, "--diff", str(first), str(found["id"]))
    assert {"section": "host packages", "side": "new",
            "why": "not looked at: no ssh group in the configuration"} in diff["unread"]
    text = said(lab, "--diff", str(first), str(found["id"]))
    assert "Not compared (NEW: not looked at: no ssh group in the configuration)" in text
    assert not [change for change in diff["changes"] if change["side"] == "new" and change["section"].startswith("host")]


@contextlib.contextmanager
def mute():
    """The port of somebody who takes each connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("command", ["check", "inventory"])
def test_hosts_that_never_answer_cost_the_time_of_one(lab, command):
    with mute() as port:
        def change(c):
            for side in ("old", "new"):
                c[side]["primary"]["ssh"].update(host="127.0.0.1", port=port)
        begun = time.monotonic()
        done = lab.cutover(command, "--json", cfg=lab.config.variant("mute", change), binary=CUTOVER)
        took_s = time.monotonic() - begun
    found = json.loads(done.stdout)
    assert "a host has 30 s for all it is asked" in done.stdout and "no answer within its time" in done.stdout
    assert 29 < took_s < 55, "one after the other they would take twice as long, and more"
    if command == "check":
        unknown = {finding["check"] for finding in found["findings"] if "a host has 30 s" in json.dumps(finding)}
        assert "host.disks" in unknown, "what a silent host has is not known to be good"
    else:
        assert [side["is_read"] for side in found["sides"].values()] == [True, True]
        assert all("a host has 30 s" in side["unread"]["host disks"] for side in found["sides"].values())


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
