# SPDX-License-Identifier: MIT
"""src/remote/seed.sh on folders that look like a data directory and its copy: killed before each of its steps, a server
could start on what was there or on the copy, and on nothing in between; and the same again finishes it."""

import os
import subprocess

import pytest

from tests.lab.lab import REPOSITORY

SCRIPT = (REPOSITORY / "src/remote/seed.sh").read_text()
RUN = "abc123"
# A program of the host that is killed with everything when it is called for the Nth time.
KILLER = """#!/bin/sh
n=$(cat "$COUNT"); echo $((n + 1)) >"$COUNT"
[ "$n" -ne "$AT" ] || { kill -9 "$PPID"; exit 137; }
exec /bin/{name} "$@"
"""


def seed(*words, env=None):
    return subprocess.run(["bash", "-o", "pipefail", "-c", SCRIPT, "cutover", *map(str, words)], text=True,
                          capture_output=True, env={**os.environ, **(env or {})}, check=False)


def prepared_copy(folder):
    data, stage = folder / "data", folder / "data.cutover-seed" / "stage"
    for folder, word in ((data, "before"), (stage, "copy")):
        for database in ("mysql", "blog", word):
            (folder / database).mkdir(parents=True)
            (folder / database / "t.ibd").write_text(word)
        for file in ("ibdata1", "ib_logfile0", "undo001", "aria_log_control"):
            (folder / file).write_text(word)
    (data / "server-key.pem").write_text("the host's own")
    (data / "lost+found").mkdir()
    (stage / "xtrabackup_info").write_text("")
    (stage.parent / "state").write_text(f"prepared {RUN}\n")
    return data


@pytest.fixture(name="data")
def a_prepared_copy(tmp_path):
    return prepared_copy(tmp_path)


@pytest.fixture(name="killed")
def killer(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("mv", "mkdir", "rm", "sync"):
        (folder / name).write_text(KILLER.replace("{name}", name))
        (folder / name).chmod(0o755)

    def environment(number):
        (tmp_path / "count").write_text("0")
        return {"PATH": f"{folder}:{os.environ['PATH']}", "COUNT": str(tmp_path / "count"), "AT": str(number)}

    return environment


def can_start(data):
    return (data / "ibdata1").is_file() and (data / "mysql").is_dir()


def words(data):
    """Of which of the two the data are."""
    return {path.read_text() for path in data.rglob("*") if path.is_file() and path.suffix != ".pem"}


def check_whole(data, word):
    assert words(data) == {word}
    assert sorted(path.name for path in data.iterdir()) == sorted(
        ["mysql", "blog", word, "ibdata1", "ib_logfile0", "undo001", "aria_log_control", "server-key.pem", "lost+found"])


def test_killed_before_each_step_it_is_all_or_nothing_and_can_be_finished(tmp_path, killed):
    seen = []
    while True:
        data = prepared_copy(tmp_path / str(len(seen)))
        done = seed("swap", data, RUN, env=killed(len(seen)))
        if can_start(data):
            seen.append(words(data).pop())
            check_whole(data, seen[-1])
        else:
            seen.append("cannot start")
            refused = seed("clean", data)
            assert refused.returncode != 0 and "half in place" in refused.stderr
            assert seed("begin", data, "another").returncode != 0
        if done.returncode == 0:
            break
        assert seed("swap", data, RUN).returncode == 0
        check_whole(data, "copy")
    assert len(seen) > 20
    assert seen == sorted(seen, key=["before", "cannot start", "copy"].index) and len(set(seen)) == 3
    assert seed("clean", data).returncode == 0
    assert not data.with_name("data.cutover-seed").exists()


def test_a_copy_of_another_run_is_not_put_in_place(data):
    done = seed("swap", data, "other")
    assert done.returncode != 0 and "no copy of run other" in done.stderr
    check_whole(data, "before")


def test_a_server_that_still_runs_is_seen(data, tmp_path):
    program = tmp_path / "mariadbd"
    program.write_bytes(open("/bin/sleep", "rb").read())
    program.chmod(0o755)
    with subprocess.Popen([program, "60"], cwd=data) as server:
        try:
            done = seed("swap", data, RUN)
        finally:
            server.kill()
    assert done.returncode != 0 and "still runs" in done.stderr
    check_whole(data, "before")
