# SPDX-License-Identifier: MIT
"""A real systemd for a host of the lab: process 1 of namespaces of its own, with the units of one folder and no others.

It sees the files of this machine, and nothing of its processes, its cgroups or its own init; nothing it does reaches
them. Who calls `systemctl` from the folder `bin` talks to it.
"""

import contextlib
import os
import shutil
from pathlib import Path

from .procs import LabError, Process, children, run, wait_until
from .servers import Absent

SYSTEMD = "/usr/lib/systemd/systemd"
SYSTEMCTL = "/usr/bin/systemctl"
PROGRAMS = ("unshare", "nsenter", "setpriv", SYSTEMCTL)

# The cgroup is made below our own one, joined by who becomes systemd, and removed at the end.
OUTER = """
set -eu
folder=$1
mount -t cgroup2 none "$folder/cgroup"
own=$folder/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/cutover-lab-$$
mkdir "$own"
sh -c 'echo $$ >"$1/cgroup.procs"
    exec setpriv --pdeathsig KILL unshare -C -m -i -u -p -f --kill-child --mount-proc sh -c "$2" sh "$3"' sh "$own" "$2" "$folder" || true
find "$own" -depth -type d -exec rmdir {} \\;
"""
INNER = """
set -eu
mount -t tmpfs tmpfs /run
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd/system
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH="/run/systemd/system:$1/units" \
    /usr/lib/systemd/systemd --system --unit=lab.target --log-target=console --show-status=no
"""


class Systemd:
    """Owns: one folder and one systemd. `units` is {name: its text, without what every unit of the lab has}."""

    def __init__(self, folder, units):
        for program in PROGRAMS:
            if not shutil.which(program):
                raise Absent(f"no real systemd here: there is no {program}")
        if os.geteuid() != 0 or not Path(SYSTEMD).exists():
            raise Absent("no real systemd here: it wants root, and the package systemd")
        self.bin = folder / "bin"
        self._folder = folder
        self.units = folder / "units"
        for each in (folder, folder / "units", folder / "cgroup", self.bin):
            each.mkdir()
        for name, text in {"lab.target": "", **units}.items():
            (folder / "units" / name).write_text(f"[Unit]\nDefaultDependencies=no\n{text}")
        self._process = Process("systemd", ["unshare", "-m", "sh", "-c", OUTER, "sh", folder, INNER], log=folder / "log")

    def start(self):
        """Absent when this machine does not let one run."""
        self._process.start()
        try:
            pid = wait_until(lambda: self._process.is_running and self._pid(), 30, "a process 1 of its own")
            wrapper = self.bin / "systemctl"
            wrapper.write_text(f'#!/bin/sh\nexec nsenter -t {pid} -m -p -C -i -u {SYSTEMCTL} "$@"\n')
            wrapper.chmod(0o755)
            wait_until(lambda: self.ask("is-active", "lab.target") == "active", 60, "systemd to be up")
        except LabError as error:
            log = (self._folder / "log").read_text()[-2000:]
            self.stop()
            raise Absent(f"no real systemd here: {error}\n{log}") from error

    def stop(self):
        """What runs in it ends with its process 1; then the cgroup is removed."""
        pid = self._pid()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
            with contextlib.suppress(LabError):
                wait_until(lambda: not self._process.is_running, 30, "systemd to end")
        self._process.stop()

    def do(self, *words):
        return run([self.bin / "systemctl", *words])

    def ask(self, *words):
        """What it says, whatever its exit status."""
        with contextlib.suppress(LabError):
            return self.do(*words).strip()
        return ""

    def state(self, unit):
        return self.ask("show", "-p", "ActiveState", "--value", unit)

    def _pid(self):
        """The process that is 1 in there, when it has become systemd."""
        pids = [self._process.pid] if self._process.pid else []
        for _ in range(4):
            pids = [child for pid in pids for child in children(pid)]
            for pid in pids:
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                        return pid
        return None
