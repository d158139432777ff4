# SPDX-License-Identifier: MIT
"""What the program prints, word for word. `make golden-update` accepts what it prints now; read the difference first."""

import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CUTOVER = ROOT / (os.environ.get("BUILD") or "build") / "cutover"
EXPECTED = HERE / "expected"
IS_UPDATE = os.environ.get("CUTOVER_GOLDEN_UPDATE") == "1"

COMMANDS = ["check", "status", "plan", "run", "verify", "rollback", "abort", "report", "drill", "inventory", "serve", "watch", "ask", "actions", "version", "help"]
TEXTS = {
    "help": ["--help"],
    "man": ["generate", "man"],
    "completion": ["generate", "completion"],
    "mermaid": ["generate", "mermaid"],
    "actions": ["actions"],
    "check-explain": ["check", "upgrade.semisync", "--explain"],
    **{f"help-{command}": [command, "--help"] for command in COMMANDS},
}


def cutover(*words, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CUTOVER_") and name != "NO_COLOR"}
    return subprocess.run([CUTOVER, *words], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL,
                          env={**clean, **environment}, check=False)


@pytest.mark.parametrize("name", TEXTS)
def test_it_prints_what_it_printed_before(name):
    done = cutover(*TEXTS[name])
    assert (done.returncode, done.stderr) == (0, "")
    path = EXPECTED / f"{name}.txt"
    if IS_UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(done.stdout)
    assert done.stdout == path.read_text()


def test_no_expected_text_is_left_over():
    assert {path.stem for path in EXPECTED.iterdir()} == set(TEXTS)


def test_every_command_of_the_overview_has_an_expected_text():
    listed = re.findall(r"^  ([a-z]+) ", cutover("--help").stdout.partition("Options")[0], re.MULTILINE)
    assert listed == COMMANDS


@pytest.mark.parametrize("words", [[], ["statsu"], ["status", "--yes"], ["run", "--from"], ["verify", "--workers", "0"],
                                   ["help", "nothing"], ["generate", "nothing"], ["check", "nothing"]])
def test_a_wrong_command_line_is_one_line_and_a_hint_on_stderr(words):
    done = cutover(*words)
    assert done.returncode == 1
    assert done.stdout == ""
    message, hint = done.stderr.splitlines()
    assert message.startswith("cutover: ")
    assert "--help" in hint or "Did you mean" in hint


def test_a_configuration_that_is_not_there_exits_with_2_and_is_named(tmp_path):
    done = cutover("-c", str(tmp_path / "absent.cfg"), "status")
    assert done.returncode == 2
    assert "absent.cfg" in done.stderr


def test_a_result_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        done = subprocess.run([CUTOVER, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 4
    assert "standard output" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_failure():
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {CUTOVER} generate man | head -n 1"], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_understands_the_completion_and_offers_the_commands(tmp_path):
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks/1-follow.cfg").touch()
    script = f"""
        source <({CUTOVER} generate completion)
        compopt() {{ :; }}
        offer() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _cutover; echo "${{COMPREPLY[*]}}"; }}
        offer cutover st
        offer cutover run --re
        offer cutover -c x rollback --mode fe
        offer cutover run playbooks/
    """
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    status, resume, mode, playbooks = done.stdout.splitlines()
    assert status == "status"
    assert resume == "--resume"
    assert mode == "fenced"
    assert "playbooks/1-follow.cfg" in playbooks.split()


def test_the_manual_has_no_error_for_troff():
    page = cutover("generate", "man").stdout
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-cbou"], input=page, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for heading in ("EXIT STATUS", "FILES", "ENVIRONMENT"):
        assert heading in done.stdout
