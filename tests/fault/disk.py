# SPDX-License-Identifier: MIT
"""A small file system of its own for the journal, so that it can be filled without hurting anybody.

As root: a real one (tmpfs), seen by this process and its children only, and gone with them. Otherwise a folder; then a
process is told instead that no file of its may grow (RLIMIT_FSIZE), which looks to it like a disk error.
"""

import contextlib
import ctypes
import errno
import os
import resource
import subprocess

MB = 16
CLONE_NEWNS = 0x00020000
PIECE = b"\0" * 4096


class Disk:
    """Owns: one folder, and what fills it."""

    def __init__(self, folder, mb=MB):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.is_real = mount_privately(folder, mb)
        self._filler = folder / "filler"
        self._limited = None  # (pid, its limits before)

    def fill(self, pid):
        """Not one byte more for this process's files here."""
        if self.is_real:
            self._fill_up()
            return
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        largest = max((path.stat().st_size for path in self.folder.iterdir()), default=0)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, before[1]))
        self._limited = (pid, before)

    def make_room(self):
        self._filler.unlink(missing_ok=True)
        if self._limited:
            pid, before = self._limited
            self._limited = None
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    def unmount(self):
        if self.is_real:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
            self.is_real = False

    def _fill_up(self):
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(descriptor, PIECE):
                pass
        except OSError as full:
            if full.errno != errno.ENOSPC:
                raise
        finally:
            os.close(descriptor)


def mount_privately(folder, mb=MB):
    """Mount a tmpfs that only this thread, what it starts from now on, and their children see. Did it work?"""
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    for command in (["mount", "--make-rprivate", "/"],
                    ["mount", "-t", "tmpfs", "-o", f"size={mb}m,mode=0700", "tmpfs", folder]):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return False
    return True
