# SPDX-License-Identifier: MIT
"""`make install` puts everything where a distribution expects it, and `make uninstall` takes all of it away again."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = os.environ.get("BUILD") or "build"
PLAYBOOKS = {f"share/cutover/playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.cfg")}
FILES = PLAYBOOKS | {
    "bin/cutover", "lib/systemd/system/cutover.service", "lib/systemd/system/cutover-serve.service",
    "share/doc/cutover/prometheus/alerts.yml", "share/doc/cutover/prometheus/alerts_test.yml", "share/doc/cutover/grafana/cutover.json",
    "share/bash-completion/completions/cutover",
    "share/man/man1/cutover.1", "share/doc/cutover/CHANGELOG.md", "share/doc/cutover/LICENSE",
    "share/doc/cutover/README.md", "share/doc/cutover/examples/cutover.cfg",
    "share/doc/cutover/examples/grants-mariadb.sql", "share/doc/cutover/examples/grants-mysql.sql",
}


def make(target, folder):
    subprocess.run(["make", "-s", f"BUILD={BUILD}", target, f"DESTDIR={folder}", "PREFIX=/opt/cutover"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module", name="folder")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    make("install", folder)
    return folder


def files(folder):
    return {str(path.relative_to(folder / "opt/cutover")) for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_in_its_place_and_nothing_else_is(folder):
    assert PLAYBOOKS and files(folder) == FILES


@pytest.mark.parametrize("name", ["cutover", "cutover-serve"])
def test_the_service_starts_the_installed_program(folder, name):
    unit = (folder / f"opt/cutover/lib/systemd/system/{name}.service").read_text()
    assert "ExecStart=/opt/cutover/bin/cutover " in unit
    assert "@PREFIX@" not in unit


def test_the_installed_program_finds_its_playbooks_from_anywhere(folder, tmp_path):
    done = subprocess.run([folder / "opt/cutover/bin/cutover", "-c", "absent.cfg", "plan", "nothing"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert "shipped ones: 1-follow, " in done.stderr


def test_uninstall_leaves_no_file(folder):
    make("uninstall", folder)
    assert files(folder) == set()
