# SPDX-License-Identifier: MIT
"""The small programs of this folder (NAME.c), and the link that a seeded side follows by."""

import json
import os
import subprocess
from pathlib import Path

from tests.lab.procs import wait_until

REPOSITORY = Path(__file__).parents[2]
BUILD = Path(os.environ.get("BUILD", "build"))


def build(name):
    """Make build/integration/NAME and return its path."""
    target = BUILD / "integration" / name
    subprocess.run(["make", "-s", f"BUILD={BUILD}", str(target)], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
    return REPOSITORY / target


class Outcome:
    """What a program printed, as JSON, with its exit code and progress lines."""

    def __init__(self, done):
        self.returncode = done.returncode
        self.progress = done.stderr
        try:
            self.answer = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no JSON: {done.stdout!r} {done.stderr!r}") from None

    def __getitem__(self, name):
        assert name in self.answer, (self.answer, self.progress)
        return self.answer[name]


def run(program, *args, timeout=120):
    return Outcome(subprocess.run([program, *map(str, args)], capture_output=True, text=True, timeout=timeout, check=False))


def link(lab, replica_side):
    """Create and start the link that ends at `replica_side`."""
    name, source, replica, own_domain = {
        "new": ("cutover_forward", lab.old.primary, lab.new.primary, 2),
        "old": ("cutover_reverse", lab.new.primary, lab.old.primary, 1)}[replica_side]
    account = lab.accounts["replication"]
    replica.query(
        f"CHANGE MASTER '{name}' TO MASTER_HOST=%s, MASTER_PORT=%s, MASTER_USER=%s, MASTER_PASSWORD=%s, MASTER_SSL=1,"
        " MASTER_SSL_CA=%s, MASTER_SSL_VERIFY_SERVER_CERT=1, MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1,"
        f" IGNORE_DOMAIN_IDS=({own_domain}); START SLAVE '{name}'",
        (source.address, source.port, account.user, account.password, str(lab._tls.ca)))


def follow(lab, position):
    """NEW follows OLD from `position`; returns when it has caught up."""
    lab.new.primary.query("SET GLOBAL gtid_slave_pos=%s", (position,))
    link(lab, "new")
    caught_up(lab)


def caught_up(lab):
    lab.new.primary.wait_applied(lab.old.primary.value("SELECT @@gtid_binlog_pos"))


def mirror(lab):
    """The way back: OLD follows NEW, from now on."""
    lab.old.primary.query("SET GLOBAL gtid_slave_pos=@@GLOBAL.gtid_binlog_pos")
    link(lab, "old")
    wait_until(lambda: all(row["Slave_IO_Running"] == "Yes" for row in lab.old.primary.query("SHOW ALL SLAVES STATUS")),
               10, "the reverse link")
