# SPDX-License-Identifier: MIT
"""`cutover check --measure-paths`: what the ways between the lab's hosts are worth, as real sshds and sockets have it."""

import contextlib
import re

import pytest

from tests.integration.service import DONE, USAGE, Done
from tests.lab.lab import Lab

ROWS = {"network.round_trip": r"a connection takes [0-9.]+ ms, at worst [0-9.]+, of 9",
        "network.throughput": r"[0-9.]+ MB/s over one connection: [0-9]+ MB of rows take .* at least",
        "network.loss": r"[0-9.]+ % was sent again \([0-9]+ of [0-9]+ segments of that host meanwhile\)"}


@pytest.fixture(scope="module", name="lab")
def one_lab():
    with Lab(mb=0, dns=False, cloudflare=False, site=False, ssh=True) as lab:
        yield lab


def measured(lab, cfg=None):
    """{(check, "FROM to TO"): (severity, what was found)}"""
    done = Done(["check"], lab.cutover("check", "--measure-paths", "--json", timeout=200, cfg=cfg)).ended(DONE)
    return {(found["check"], found["subject"]): (found["severity"], found["found"]) for found in done.json["findings"]
            if found["check"] in ROWS}


def ways(lab):
    """Each link both ways, and the one to NEW's replica."""
    old, new, replica = (f"{server.address}:{server.port}" for server in (lab.old.primary, lab.new.primary, *lab.new.replicas))
    return [f"{old} to {new}", f"{new} to {old}", f"{new} to {replica}"]


def without_ssh(settings):
    """NEW's hosts cannot be logged in to."""
    for group in (settings["new"], settings["new"]["primary"], *settings["new"]["replicas"]):
        group.pop("ssh", None)


@contextlib.contextmanager
def without_socat(host, folder):
    folder.mkdir()
    program = folder / "socat"
    program.write_text("#!/bin/sh\nexit 127\n")
    program.chmod(0o755)
    try:
        host.restart(f"SetEnv PATH={folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        yield
    finally:
        host.restart()


def test_every_way_that_rows_will_go_is_measured(lab):
    found = measured(lab)
    assert sorted(found) == sorted((check, way) for check in ROWS for way in ways(lab))
    for (check, _), (severity, text) in found.items():
        assert severity in ("ok", "warn") and re.fullmatch(ROWS[check], text), text  # a slow machine is a slow way


def test_nothing_is_measured_that_nobody_asked_for(lab):
    done = Done(["check"], lab.cutover("check", "network.loss", "--json")).ended(DONE)
    assert [(found["severity"], found["found"]) for found in done.json["findings"]] == [("note", "not measured")]
    assert "--measure-paths" in done.json["findings"][0]["fix"]


def test_a_host_that_cannot_be_logged_in_to_leaves_its_ways_open(lab):
    new = f"{lab.new.primary.address}:{lab.new.primary.port}"
    there, back, _ = ways(lab)
    found = measured(lab, lab.config.variant("no-ssh", without_ssh))
    assert found["network.round_trip", there] == ("warn", f"not known: no ssh is configured for {new}")
    assert found["network.round_trip", back][1].startswith("a connection takes")  # OLD's host connects
    assert found["network.throughput", back] == ("warn", f"not known: no ssh is configured for {new}")
    assert found["network.loss", there] == ("warn", f"not known: no ssh is configured for {new}")


def test_a_host_without_the_program_is_not_taken_for_a_slow_one(lab, tmp_path):
    there, back, _ = ways(lab)
    with without_socat(lab.hosts[lab.new.primary.name], tmp_path / "bin"):
        found = measured(lab)
    assert found["network.round_trip", there][1].startswith("a connection takes")
    assert found["network.throughput", there][0] == "warn" and "cannot listen at" in found["network.throughput", there][1]
    assert found["network.throughput", back][0] == "warn" and "cannot send to" in found["network.throughput", back][1]
    assert found["network.loss", back][0] == "warn"


def inventory(lab, *words, code=DONE):
    return Done(["inventory"], lab.cutover("inventory", *words, timeout=200)).ended(code)


def test_the_ways_are_kept_and_two_days_are_held_beside_each_other(lab, tmp_path):
    inventory(lab, "--json")
    assert "paths" not in inventory(lab, "--json").json["sides"]["old"]["sections"]
    first = inventory(lab, "--measure-paths", "--json").json
    there, back, replica = ways(lab)
    kept = {side: of_side["sections"]["paths"] for side, of_side in first["sides"].items()}
    for side, way in (("old", there), ("new", back), ("new", replica)):
        assert kept[side][f"{way}: bytes a second"] > 0 and kept[side][f"{way}: us of a connection"] > 0, kept
        assert kept[side][f"{way}: sent again, of a million"] >= 0
    with without_socat(lab.hosts[lab.new.primary.name], tmp_path / "bin"):
        second = inventory(lab, "--measure-paths", "--json").json
    found = inventory(lab, "--diff", str(first["id"]), str(second["id"]), "--json").json
    assert {name: set(paths) for name, paths in found["paths"].items()} == \
           {name: {each for each in kept[name] if ": sent again" not in each} for name in kept}
    sent = found["paths"]["new"][f"{back}: bytes a second"]
    assert sent["before"] == kept["new"][f"{back}: bytes a second"] and sent["after"].startswith("not measured: "), sent
    text = lab.cutover("inventory", "--diff", str(first["id"]), str(second["id"])).stdout
    assert f"{back}: bytes a second: {sent['before']} became not measured: " in text


def test_what_was_recorded_is_not_measured_again(lab):
    for words in (("1",), ("--list",), ("--diff", "1", "2")):
        done = lab.cutover("inventory", "--measure-paths", *words)
        assert done.returncode == USAGE and "--measure-paths goes with an inventory that is being taken" in done.stderr
