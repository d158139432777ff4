# SPDX-License-Identifier: MIT
"""Whatever a run changes on the servers is as it was found once it has been aborted, wherever its controller died: every global
variable, every account with its privileges and whether it is locked, every event with its definer and status."""

import json

import pytest

from tests.integration.service import DONE, FENCED, MIRROR, Stage
from tests.lab.procs import wait_until

# What moves by itself: positions of replication.
MOVING = {"gtid_binlog_pos", "gtid_binlog_state", "gtid_current_pos", "gtid_slave_pos", "gtid_executed", "gtid_purged", "gtid_owned"}

KNOWN_PRIVILEGES = (1 << 39) - 1  # of 10.5 and newer

FENCED_MOMENTS = ("hold-from.before-act", "hold-from.after-act", "close-from.before-act", "close-from.after-act",
                  "close-from.after-outcome", "drain.after-act", "compare-tail.after-outcome", "probe-back.after-act",
                  "still-closed.before-act", "still-closed.after-outcome")


@pytest.fixture(scope="module", name="stage")
def one_stage():
    with Stage(mb=0) as stage:
        yield stage


def settings_of(server):
    """{what: how it is} of everything that is not data."""
    found = {f"variable {row['Variable_name']}": row["Value"] for row in server.query("SHOW GLOBAL VARIABLES")
             if row["Variable_name"].lower() not in MOVING}
    table = "global_priv" if server.kind.flavour == "mariadb" else "user"
    for row in server.query(f"SELECT * FROM mysql.{table}"):
        found[f"account {row['User']}@{row['Host']}"] = _account(row)
    for row in server.query("SELECT * FROM mysql.db"):
        found[f"grants {row['User']}@{row['Host']} on {row['Db']}"] = row
    for row in server.query("SELECT event_schema AS db, event_name AS name, definer, status, event_definition AS body"
                            " FROM information_schema.events"):
        found[f"event {row['db']}.{row['name']}"] = row
    return found


def _account(row):
    """What it may do. MariaDB writes an account anew when it is locked: that it is not locked, that it has no password (which
    an account of the installation does not say), by which version it was written, and of the privileges that a new server
    gives to root (all bits there could be) those that there are."""
    if "Priv" not in row:
        return row
    account = {"account_locked": False, "plugin": "mysql_native_password", "authentication_string": "", **json.loads(row["Priv"])}
    account.pop("version_id", None)
    return {**account, "access": account["access"] & KNOWN_PRIVILEGES}


def differences(before, after):
    return {name: (before.get(name), after.get(name)) for name in {**before, **after}
            if before.get(name) != after.get(name)}


def aborted_at(service, playbook, failpoint):
    """What differs on each side after a run whose controller was killed there, and that was aborted."""
    before = {side: settings_of(primary) for side, primary in service.primaries.items()}
    done = service.run(playbook, cfg=service.hasty, env={"CUTOVER_FAILPOINT": f"kill@{failpoint}"})
    assert done.code == -9, f"it did not come to {failpoint}: {done}"
    service.cutover("abort", "--yes").ended(DONE)
    found = {side: differences(before[side], settings_of(primary)) for side, primary in service.primaries.items()}
    return {side: changed for side, changed in found.items() if changed}


@pytest.mark.parametrize("moment", FENCED_MOMENTS)
def test_an_aborted_cutover_leaves_nothing_behind(stage, moment):
    service = stage.service("mirrored")
    if moment.startswith("hold-from") and service.primaries["old"].kind.flavour == "mysql":
        pytest.skip("a fence that is persisted holds nobody")
    playbook = service.playbook("fenced", "mirrored fenced", *FENCED)
    assert aborted_at(service, playbook, f"cut-over.{moment}") == {}
    assert service.situation == "mirrored"
    service.write("old")


def test_an_aborted_staggering_and_mirroring_leave_nothing_behind(stage):
    service = stage.service("following")
    for primary in service.primaries.values():
        primary.query("SET GLOBAL auto_increment_increment = 1, GLOBAL auto_increment_offset = 1")
    playbook = service.playbook("mirror", "following", *MIRROR)
    assert aborted_at(service, playbook, "mirror.make-link.after-act") == {}
    wait_until(lambda: service.situation == "following", 30, "the situation following")


def test_what_is_compared_here_would_show_a_lock_and_a_variable(stage):
    """The comparison itself can fail."""
    service = stage.service("mirrored")
    old = service.primaries["old"]
    before = settings_of(old)
    old.query("SET SESSION sql_log_bin = 0; ALTER USER app@'127.%' ACCOUNT LOCK; SET GLOBAL max_connections = 299")
    changed = set(differences(before, settings_of(old)))
    old.query("SET SESSION sql_log_bin = 0; ALTER USER app@'127.%' ACCOUNT UNLOCK; SET GLOBAL max_connections = 300")
    assert changed == {"account app@127.%", "variable max_connections"}
