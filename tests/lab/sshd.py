# SPDX-License-Identifier: MIT
"""Hosts of the lab that one can log in to: a real sshd each, on its own address, with host keys of its own.

Whoever logs in is the user who runs the lab, by one key that all hosts know, into a home that is the host's own: neither
what that user's shell does on its way up nor what a test leaves there is shared. known_hosts has every host's keys.
"""

import contextlib
import getpass
import os
import signal
from pathlib import Path

from . import ports
from .procs import Process, children, run

SSHD = "/usr/sbin/sshd"
PRIVILEGE_SEPARATION = Path("/run/sshd")  # must be there when sshd is started as root; Debian's service makes it
HOST_KEYS = ("ed25519", "ecdsa", "rsa")


def make_key(path, kind="ed25519", passphrase=""):
    """A key pair: `path` and path.pub."""
    run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", f"lab {path.name}", "-f", path])
    return path


class Keys:
    """Owns: one folder with the key that logs in, authorized_keys and known_hosts of all hosts."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True)
        self.identity = make_key(folder / "id_ed25519")
        self.authorized = folder / "authorized_keys"
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.touch()
        self.authorize(self.identity)

    def authorize(self, key):
        with self.authorized.open("a") as file:
            file.write(key.with_suffix(".pub").read_text() if key.suffix != ".pub" else key.read_text())

    def know(self, host, kinds=HOST_KEYS):
        """Add the host's keys of these kinds to known_hosts."""
        with self.known_hosts.open("a") as file:
            file.writelines(f"{host.known_as} {host.public_key(kind)}\n" for kind in kinds)


def path_option(folder):
    """The line by which programs in this folder come first."""
    return f"SetEnv PATH={folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@contextlib.contextmanager
def small_disk(host, folder):
    """A host whose df says that its disks have 1000 bytes left, and whose du says that its folders hold as much."""
    folder.mkdir()
    for name, text in (("df", "Avail\n1000"), ("du", "1000\t/folder")):
        program = folder / name
        program.write_text(f"#!/bin/sh\nprintf '{text}\n'\n")
        program.chmod(0o755)
    former = list(host.options)
    try:
        host.restart(*former, path_option(folder))
        yield
    finally:
        host.restart(*former)


class Host:
    """Owns: one folder, one sshd at `address`. `options` are lines for its configuration, which come first."""

    def __init__(self, folder, name, address, keys, options=(), port=None):
        self.folder = folder
        self.name = name
        self.address = address
        self.port = port or ports.free_port((address,), preferred=2222)
        self.user = getpass.getuser()
        self._keys = keys
        self.options = list(options)
        self._conf = folder / "sshd_config"
        self._process = Process(name, [SSHD, "-D", "-e", "-f", self._conf], log=folder / "sshd.log")

    @property
    def known_as(self):
        return f"[{self.address}]:{self.port}"

    @property
    def pid(self):
        return self._process.pid

    def public_key(self, kind="ed25519"):
        return " ".join((self.folder / f"host_{kind}.pub").read_text().split()[:2])

    @property
    def home(self):
        return self.folder / "home"

    def start(self):
        if not self.folder.exists():
            self.home.mkdir(mode=0o700, parents=True)
            for kind in HOST_KEYS:
                make_key(self.folder / f"host_{kind}", kind)
        if os.geteuid() == 0:
            PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        self._conf.write_text("\n".join([*self._environment(), *self._settings()]) + "\n")
        self._process.start()
        self._process.wait_ready(lambda: ports.can_connect(self.address, self.port))

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.thaw()
        self.kill_sessions()
        self._process.stop()

    def restart(self, *options):
        """With these lines in its configuration instead of those it has."""
        self.stop()
        self.options = list(options)
        self.start()

    def sessions(self):
        """Processes of sshd that serve a connection, without what runs in them."""
        found, parents = [], [self.pid]
        while parents:
            parents = [pid for parent in parents for pid in children(parent) if _is_sshd(pid)]
            found += parents
        return found

    def kill_sessions(self):
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def freeze(self):
        """The host hangs: the listener and every connection; the kernel still takes what is sent."""
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        for pid in [self.pid, *self.sessions()] if self._process.is_running else []:
            os.kill(pid, number)

    def _environment(self):
        """The options, with the home: sshd goes by the first line SetEnv only."""
        words = [line.removeprefix("SetEnv ") for line in self.options if line.startswith("SetEnv ")]
        return [" ".join(["SetEnv", f"HOME={self.home}", *words]), *(line for line in self.options if not line.startswith("SetEnv "))]

    def _settings(self):
        return [
            f"Port {self.port}", f"ListenAddress {self.address}",
            *(f"HostKey {self.folder}/host_{kind}" for kind in HOST_KEYS),
            f"PidFile {self.folder}/sshd.pid", f"AuthorizedKeysFile {self._keys.authorized}",
            "PermitRootLogin prohibit-password", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "UsePAM no", "StrictModes no", "AllowTcpForwarding local", "X11Forwarding no", "PrintMotd no",
            "MaxStartups 100", "MaxSessions 50", "LogLevel VERBOSE",
        ]


def _is_sshd(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/comm").read_text().strip().startswith("sshd")
    return False


class Agent:
    """An ssh-agent of its own with the given keys; `environment` leads to it."""

    def __init__(self, folder, *keys):
        self._process = Process("ssh-agent", ["ssh-agent", "-D", "-a", folder / "agent.sock"], log=folder / "agent.log")
        self.environment = {"SSH_AUTH_SOCK": str(folder / "agent.sock")}
        self._keys = keys

    def __enter__(self):
        self._process.start()
        self._process.wait_ready(lambda: Path(self.environment["SSH_AUTH_SOCK"]).exists())
        for key in self._keys:
            run(["ssh-add", "-q", key], env={**os.environ, **self.environment})
        return self

    def __exit__(self, *_):
        self._process.stop()

    def freeze(self):
        self._process.freeze()
