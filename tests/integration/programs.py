# SPDX-License-Identifier: MIT
"""The small programs of this folder (NAME.c), and the link that a seeded side follows by."""

import fcntl
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
    (REPOSITORY / BUILD).mkdir(parents=True, exist_ok=True)
    with (REPOSITORY / BUILD / "make.lock").open("w") as lock:  # files of tests run side by side, makes must not
        fcntl.flock(lock, fcntl.LOCK_EX)
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


CHANNELS = {"new": "cutover_forward", "old": "cutover_reverse"}  # by the side that is the replica

# What the two flavours say in their own words. {channel} is a name, {position} what position() answers.
WORDS = {
    "mariadb": {"start": "START SLAVE '{channel}'", "stop": "STOP SLAVE '{channel}'",
                "drop": "STOP SLAVE '{channel}'; RESET SLAVE '{channel}' ALL",
                "hold": "SET GLOBAL gtid_slave_pos = '{position}'",
                "hold_too": "DO 0", "hold_own": "SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_binlog_pos"},
    "mysql": {"start": "START REPLICA FOR CHANNEL '{channel}'", "stop": "STOP REPLICA FOR CHANNEL '{channel}'",
              "drop": "STOP REPLICA FOR CHANNEL '{channel}'; RESET REPLICA ALL FOR CHANNEL '{channel}'",
              "hold": "RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '{position}'", "hold_own": "DO 0",
              "hold_too": "STOP REPLICA; RESET REPLICA; RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '{position}';"
                          " START REPLICA"},
}


def say(server, words, **values):
    """Let `server` do what WORDS has for its flavour."""
    return server.query(WORDS[server.kind.flavour][words].format(**values))


def link(lab, replica_side):
    """Create and start the link that ends at `replica_side`."""
    source, replica = {"new": (lab.old.primary, lab.new.primary), "old": (lab.new.primary, lab.old.primary)}[replica_side]
    replica.follow(source, lab.accounts["replication"], CHANNELS[replica_side])


def follow(lab, position):
    """NEW follows OLD from `position`; returns when it has caught up."""
    say(lab.new.primary, "hold", position=position)
    for replica in lab.new.replicas:
        say(replica, "hold_too", position=position)
    link(lab, "new")
    caught_up(lab)


def caught_up(lab):
    lab.new.primary.wait_applied(lab.old.primary.position())


def mirror(lab):
    """The way back: OLD follows NEW, from now on."""
    say(lab.old.primary, "hold_own")
    link(lab, "old")
    wait_until(lambda: all(link.runs for link in lab.old.primary.links()), 30, "the reverse link")
