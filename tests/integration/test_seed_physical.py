# SPDX-License-Identifier: MIT
"""seed { method = "physical" } on real MariaDB servers and hosts with sshd, as a playbook runs it: with writes going on."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration import awkward
from tests.integration.service import DONE, REFUSED, UNDONE, Done, Running
from tests.lab import sshd
from tests.lab.lab import Lab
from tests.lab.procs import wait_until

PLAYBOOK = """
playbook = {
  name = "physical"; about = "NEW becomes a copy of OLD and follows it."; needs = "apart";
  steps = ( { name = "seed"; action = "seed"; method = "physical"; },
            { name = "follow"; action = "follow"; }, { name = "verify"; action = "verify"; } );
};
"""
SLOW = PLAYBOOK.replace("physical", "slow", 1).replace('"physical";', '"physical"; rate = 1000000;')
RESET = """
playbook = { name = "reset"; about = "NEW is empty."; needs = [ "apart", "following" ];
             steps = ( { name = "reset"; action = "reset"; } ); };
"""


def chosen(*moments):
    """All of them with CUTOVER_EVERY_MOMENT=1; three otherwise, as each costs a copy."""
    return moments if os.environ.get("CUTOVER_EVERY_MOMENT") else moments[:3]


@pytest.fixture(scope="module")
def lab():
    with Lab(mb=0, dns=False, cloudflare=False, site=False, ssh=True) as lab:
        if lab.kinds["old"].name != "mariadb-10.11" or lab.kinds["new"].name != "mariadb-10.11":
            pytest.skip("for this machine's own MariaDB; test_seed_series.py has the others")
        awkward.plant(lab)
        for name, text in (("physical", PLAYBOOK), ("slow", SLOW), ("reset", RESET)):
            (lab.root / f"{name}.cfg").write_text(text)
        yield lab


def run(lab, name, **options):
    return Done(["run", name], lab.cutover("run", lab.root / f"{name}.cfg", "--yes", timeout=300, **options))


def programs(lab):
    """{pid: name} of what a seed runs on this lab's hosts."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace")
            name = (entry.parent / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name in ("mariadb-backup", "mbstream", "socat", "zstd", "pv") and is_of(lab, entry.parent, words):
            found[int(entry.parent.name)] = name
    return found


def is_of(lab, process, words):
    """zstd and pv have no word of ours: whoever logged in through an sshd of this lab started them."""
    if str(lab.root) in words:
        return True
    ours = {host.pid for host in lab.hosts.values()}
    while process.name not in ("0", "1"):
        try:
            parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            return False
        if int(parent) in ours:
            return True
        process = process.with_name(parent)
    return False


def check_clean(lab):
    """NEW's primary runs, closed, with nothing left of a seed there, and OLD is open."""
    wait_until(lambda: not programs(lab), 30, "the programs on the hosts to end")
    server = lab.new.primary
    wait_until(server.answers, 60, "NEW's primary")
    assert server.value("SELECT @@GLOBAL.read_only") == 1
    assert server.value("SELECT @@GLOBAL.event_scheduler") == "ON"
    assert not list(server.folder.glob("*.cutover-seed")) and not list(server.drop_in.iterdir())
    assert not [row for row in server.query("SHOW DATABASES") if row["Database"] == "blog"]
    assert not list(lab.hosts["old1"].home.glob(".cutover-seed-*"))
    assert lab.old.primary.value("SELECT @@GLOBAL.read_only") == 0


def refused(lab, words, cfg=None, name="physical"):
    """The run is refused with these words, and NEW's primary is the same process as before."""
    pid = lab.new.primary.pid
    run(lab, name, cfg=cfg).ended(REFUSED, words)
    lab.cutover("abort", "--yes")
    assert lab.new.primary.pid == pid
    check_clean(lab)


def changed(lab, name, **words):
    """A configuration in which NEW's primary has other words about SSH."""
    return lab.config.variant(name, lambda c: c["new"]["primary"]["ssh"].update(words))


def test_what_is_in_the_way_is_said_before_anything_changes(lab):
    new = lab.new.primary
    new.query("SET sql_log_bin = 0; CREATE DATABASE `left-over`")
    refused(lab, '"left@002dover", which the service does not list: .* throw it away')
    new.query("SET sql_log_bin = 0; DROP DATABASE `left-over`")
    with socket.create_server((new.address, 0)) as taken:
        refused(lab, "cannot listen at", changed(lab, "taken", seed_port=taken.getsockname()[1]))
    (new.data / "elsewhere").symlink_to(lab.root)
    refused(lab, "keeps data outside of its data directory: .*/elsewhere")
    (new.data / "elsewhere").unlink()
    (lab.root / "far").mkdir()
    lab.old.primary.query(f"SET sql_log_bin = 0; CREATE TABLE blog.far (id INT PRIMARY KEY) DATA DIRECTORY = '{lab.root}/far'")
    refused(lab, r"keeps data outside of its data directory: .*/blog/far\.isl")
    lab.old.primary.query("SET sql_log_bin = 0; DROP TABLE blog.far")
    refused(lab, "there is no folder /no/such", changed(lab, "nowhere", drop_in="/no/such"))
    lab.old.primary.query("SET GLOBAL binlog_expire_logs_seconds = 1")
    refused(lab, "throws binary logs away after")
    lab.old.primary.query("SET GLOBAL binlog_expire_logs_seconds = 0")


# What a copy would not find, or not replace: the option, and the files that lie there.
FAR = {"innodb_log_group_home_dir": "ib_logfile*", "innodb_data_home_dir": "ibdata*", "innodb_undo_directory": "undo*",
       "aria_log_dir_path": "aria_log*"}


@contextlib.contextmanager
def kept_far(server, option, files, folder):
    """The server keeps these files in a folder of their own, as it does where they have a disk of their own."""
    def move(here, there):
        server.stop()
        for path in list(here.glob(files)):
            path.rename(there / path.name)

    folder.mkdir()
    move(server.data, folder)
    planted = server.drop_in / "10-far.cnf"
    planted.write_text(f"[mysqld]\n{option} = {folder}\n")
    try:
        server.start()
        yield
    finally:
        move(folder, server.data)
        planted.unlink()
        server.start()


@pytest.mark.parametrize(("option", "files"), FAR.items())
@pytest.mark.parametrize("side", ["old", "new"])
def test_files_that_lie_elsewhere_are_said_before_anything_changes(lab, tmp_path, side, option, files):
    server = getattr(lab, side).primary
    with kept_far(server, option, files, tmp_path / "far"):
        run(lab, "physical").ended(REFUSED, f"{server.address}:{server.port} keeps data outside of its data directory: {option} is {tmp_path}/far")
        lab.cutover("abort", "--yes")
    check_clean(lab)


@pytest.mark.parametrize(("method", "words"), [("physical", "the disk of .* has 0.0 GB free; a copy of .* needs"),
                                               ("copied", "the disk of .* has room for 0.000 GB; what comes needs")])
def test_a_disk_that_is_too_small_is_said_before_anything_changes(lab, tmp_path, method, words):
    new = lab.new.primary
    (lab.root / "copied.cfg").write_text(PLAYBOOK.replace("physical", "copied", 1).replace("physical", "copy", 1))
    with sshd.small_disk(lab.hosts[new.name], tmp_path / "bin"):
        refused(lab, words, name=method)


@pytest.mark.parametrize("point", chosen("preparing", "stopped", "swapped", "listening", "quiet"))
def test_a_controller_that_is_killed_leaves_what_abort_makes_clean(lab, point):
    assert run(lab, "physical", env={"CUTOVER_FAILPOINT": f"kill@seed.{point}"}).code == -signal.SIGKILL
    wait_until(lambda: not programs(lab), 30, "the programs on the hosts to end")
    Done(["abort"], lab.cutover("abort", "--yes")).ended(DONE, "Situation apart")
    check_clean(lab)


def kill_program(lab, name):
    for pid, found in programs(lab).items():
        if found == name:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("what", chosen("mariadb-backup", "recipient's sshd", "donor", "mbstream", "donor's sshd", "a person"))
def test_whatever_dies_while_the_copy_is_sent_new_is_as_it_was(lab, what):
    pid = lab.new.primary.pid
    with Running(lab.cfg_path, ["run", lab.root / "slow.cfg", "--yes"], lab.root / "said",
                 env={"CUTOVER_FAILPOINT": "pause@seed.streaming"}) as running:
        wait_until(running.is_paused, 60, "the copy to be under way")
        if what == "donor":
            lab.old.primary.kill9()
            lab.old.primary.start()
        elif what.endswith("sshd"):
            lab.hosts["old1" if what.startswith("donor") else "new1"].kill_sessions()
        elif what == "a person":
            running.signal(signal.SIGINT)
        else:
            kill_program(lab, what)
        running.signal(signal.SIGCONT)
        done = running.end(120)
    assert done.code != DONE
    if done.code != UNDONE:
        lab.cutover("abort", "--yes")
    assert lab.new.primary.pid == pid
    check_clean(lab)


# Stand in front of the real programs on OLD's host: what they give on is wrong, and they say that all went well.
FLIP = """import sys
given, at = sys.stdin.buffer, 500_000
while chunk := given.read1(65536):
    if 0 <= at < len(chunk):
        chunk = chunk[:at] + bytes([chunk[at] ^ 1]) + chunk[at + 1:]
    at -= len(chunk)
    sys.stdout.buffer.write(chunk)
"""
SPOILT = {"a byte of what is compressed": ("zstd", "{python} {flip}"),
          "a byte of what is copied": ("mariadb-backup", "{python} {flip}"),
          "the end of what is copied": ("mariadb-backup", "(head -c 3000000; cat >/dev/null)")}


@contextlib.contextmanager
def a_host_that_spoils(host, folder, program, by):
    folder.mkdir()
    (folder / "flip.py").write_text(FLIP)
    script = folder / program
    script.write_text(f"#!/bin/bash\n[ \"$1\" != --version ] || exec {shutil.which(program)} \"$@\"\n"
                      f"{shutil.which(program)} \"$@\" | {by.format(python=sys.executable, flip=folder / 'flip.py')}\n"
                      f"touch {folder}/was-used\n")
    script.chmod(0o755)
    former = list(host.options)
    try:
        host.restart(*former, sshd.path_option(folder))
        yield
        assert (folder / "was-used").exists()
    finally:
        host.restart(*former)


@pytest.mark.parametrize("what", SPOILT)
def test_a_copy_that_was_spoilt_on_its_way_is_never_put_in_place(lab, tmp_path, what):
    """It is found by who receives it: the sender, in its own eyes, has sent all of it."""
    pid = lab.new.primary.pid
    with a_host_that_spoils(lab.hosts[lab.old.primary.name], tmp_path / "bin", *SPOILT[what]):
        run(lab, "physical").ended(UNDONE, "receiving: ")
    assert lab.new.primary.pid == pid
    check_clean(lab)


@contextlib.contextmanager
def a_disk_of_its_own(server):
    """The data directory is the root of a file system, as on many hosts: nothing can be renamed from or to beside it."""
    aside = server.folder / "aside"
    server.stop()
    server.data.rename(aside)
    server.data.mkdir(mode=0o700)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g,mode=0700", "tmpfs", server.data], text=True, capture_output=True)
    try:
        if mount.returncode:
            pytest.skip(f"no file system may be mounted here: {mount.stderr.strip()}")
        subprocess.run(["cp", "-a", f"{aside}/.", server.data], check=True)
        (server.data / "lost+found").mkdir()
        server.start()
        yield
    finally:
        server.stop()
        if not mount.returncode:
            subprocess.run(["umount", server.data], check=True)
        server.data.rmdir()
        aside.rename(server.data)
        server.start()


def test_a_data_directory_that_is_a_disk_of_its_own_gets_its_copy_from_within(lab):
    old, new = lab.old.primary, lab.new.primary
    with a_disk_of_its_own(new):
        assert run(lab, "physical", env={"CUTOVER_FAILPOINT": "kill@seed.swapped"}).code == -signal.SIGKILL
        assert (new.data / ".cutover-seed").is_dir()
        Done(["abort"], lab.cutover("abort", "--yes")).ended(DONE, "Situation apart")
        check_clean(lab)
        assert not (new.data / ".cutover-seed").exists()
        run(lab, "physical").ended(DONE, r"compared \d+ tables, \d+ rows .* 0 difference")
        assert not (new.data / ".cutover-seed").exists() and (new.data / "lost+found").is_dir()
        new.wait_applied(old.position())
        assert awkward.statements(new) == awkward.statements(old)
        run(lab, "reset").ended(DONE)


def test_everything_of_old_is_on_every_node_of_new(lab):
    with awkward.Writer(lab.old.primary) as writer:
        wait_until(lambda: writer.count > 20, 30, "the writer")
        run(lab, "physical").ended(DONE)
        assert writer.count > 100, "the writer stood still, so this proves nothing"
    old = lab.old.primary
    old.query("SET GLOBAL event_scheduler = OFF")  # the last one that writes
    lab.new.primary.wait_applied(old.position())
    lab.new.wait_replicas()
    made, made_programs = awkward.statements(old), awkward.programs(old)
    expected = {name: awkward.rows(old, name) for name in made}
    for server in lab.new.nodes:
        assert awkward.statements(server) == made
        assert awkward.programs(server) == made_programs
        for name, rows in expected.items():
            assert awkward.rows(server, name) == rows, (server, name)
        waiting = server.query("SELECT DISTINCT STATUS AS is_so FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'blog'")
        assert "ENABLED" not in [row["is_so"] for row in waiting]
        assert server.value("SELECT @@GLOBAL.read_only") == 1
        assert server.value("SELECT @@GLOBAL.event_scheduler") == "ON"
        assert not list(server.folder.glob("*.cutover-seed")) and not list(server.drop_in.iterdir())
