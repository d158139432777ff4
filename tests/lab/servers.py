# SPDX-License-Identifier: MIT
"""Database servers and clusters of the lab, whatever kind they are of (kinds.py has the table).

A server lives in one folder: data, configuration, socket, error log. It starts from a copy of a template, a data
directory that was built once and shut down cleanly, so a new server is up in a second or less.

Durability: what a server acknowledged survives the death of its process (kill9), because every commit is handed to
the kernel (innodb_flush_log_at_trx_commit=2, sync_binlog=0). It does not survive the death of the machine.
"""

import contextlib
import fcntl
import os
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT

from . import ports
from .procs import LabError, Process, run, together

REPOSITORY = Path(__file__).parents[2]
FETCHED = REPOSITORY / (os.environ.get("SERVERS") or "build/servers")  # where etc/servers.sh unpacks servers
MAX_SOCKET_PATH = 107


class Absent(LabError):
    """Servers of this kind are not on this machine. Tests that want them are skipped, with this text as the reason."""


class Died(LabError, pymysql.err.OperationalError):
    """A server has ended by itself. The text says how, and ends with its log."""


@dataclass(frozen=True)
class Link:
    """One replication channel as its replica sees it. `name` is empty for the unnamed one."""

    name: str
    source: tuple       # (address, port)
    io: str             # Yes, No, Connecting
    sql: str            # Yes, No
    error: str          # empty, or everything the server says about it
    is_verified: bool   # over TLS, with the source's certificate verified

    @property
    def runs(self):
        return self.io == self.sql == "Yes"


class Kind(ABC):
    """One kind of server: where its programs are, how its template is built, how it is configured, what it speaks.

    name      as in kinds.KINDS
    flavour   "mariadb" or "mysql": the dialect, and which of etc/grants-*.sql
    program   the server's path below its folder; `client` likewise
    deps      the make target that fetches it; None for what this machine's own packages bring
    """

    flavour = program = client = None
    on_host = ()         # programs that a host has with such a server, and that we run there
    restart_code = None  # the exit code by which a server asks to be started again
    options = {}        # what every server is started with. None leaves an option out, True writes it without a value
    small_options = {}  # over those, for data directories that are copied again and again
    bulk_options = {}   # over those, for a server that is thrown away if it fails

    def __init__(self, name, deps=None):
        self.name = name
        self.deps = deps
        self.folder = FETCHED / name if deps else Path("/")

    def __str__(self):
        return f"{self.title} {self.version}"

    @property
    def is_there(self):
        return (self.folder / "packages" if self.deps else self.folder / self.program).exists()

    def need(self):
        """Absent, with what to type, unless its programs are there."""
        if not self.is_there:
            fetch = f"make {self.deps}" if self.deps else "make deps"
            raise Absent(f"there are no {self.name} servers on this machine; to fetch them: {fetch}")

    @cached_property
    def version(self):
        """E.g. 10.11.14."""
        return run([*self.argv(self.program), "--no-defaults", "--version"]).split("Ver ")[1].split("-")[0]

    def argv(self, program):
        """How to run one of its programs."""
        return [self.folder / "run", program] if self.deps else [self.folder / program]

    def put_on_host(self, folder):
        """A folder with what a host of such a server has beside it; None when that is what this machine has."""
        if not self.deps or not self.on_host:
            return None
        folder.mkdir(parents=True)
        for name in self.on_host:
            program = folder / name
            program.write_text(f'#!/bin/sh\nexec {self.folder}/run usr/bin/{name} "$@"\n')
            program.chmod(0o755)
        return folder

    def environment(self):
        """Over the lab's own, for the server process."""
        return {}

    def empty_template(self, cache):
        """A data directory with nothing but the system tables; built when `cache` has none."""
        self.need()
        return cached(cache / f"{self.name}-{self.version}", self._bootstrap)

    def forget_identity(self, datadir):
        """Remove what a copy of a data directory must not share with another."""

    def prepare_stop(self, server):
        """What makes a clean shutdown quicker. May fail."""

    @abstractmethod
    def _bootstrap(self, datadir): ...

    @abstractmethod
    def places(self, server):
        """Options that say where things are."""

    def complete(self, options):
        """What is written when these are wanted."""
        return options

    @abstractmethod
    def follow(self, server, source, account, channel):
        """Replicate from `source` on `channel`, from the position that `server` is at."""

    @abstractmethod
    def links(self, server):
        """Every Link of `server`, by name."""

    @abstractmethod
    def position(self, server):
        """What `server` has logged so far."""

    @abstractmethod
    def has_applied(self, server, position, deadline_s):
        """Wait, at most that long, for `server` to apply everything up to `position`; does it have it?"""

    @abstractmethod
    def forget(self, server):
        """No channels, no binary log, no position: a server that never replicated."""


class Sql:
    """How to talk to one server: as root over its socket, or as an account over TCP and verified TLS."""

    def __init__(self, socket, address=None, port=None, tls=None):
        self.socket = socket
        self.address = address
        self.port = port
        self.tls = tls

    def connect(self, account=None, **options):
        """A new connection: as `account` over TCP and TLS, or as root over the socket. Autocommit, rows as dicts."""
        login = {"user": "root", "unix_socket": str(self.socket)}
        if account:
            login = {"user": account.user, "password": account.password, "host": self.address, "port": self.port,
                     "ssl": self.tls and {"ca": str(self.tls.ca)}}
        defaults = {"charset": "utf8mb4", "autocommit": True, "cursorclass": pymysql.cursors.DictCursor,
                    "client_flag": CLIENT.MULTI_STATEMENTS, "connect_timeout": 5, "read_timeout": 120}
        return pymysql.connect(**login, **(defaults | options))

    def query(self, sql, args=None, account=None):
        """Run one or more statements on a connection of their own; the rows of the last one, as dicts."""
        with self.connect(account) as connection, connection.cursor() as cursor:
            cursor.execute(sql, args)
            rows = cursor.fetchall()
            while cursor.nextset():
                rows = cursor.fetchall()
            return list(rows)

    def value(self, sql, args=None):
        """The first column of the first row."""
        return next(iter(self.query(sql, args)[0].values()))


class Server(Sql):
    """One server of a kind. `options` override or extend what it is started with, e.g. {"log-bin": None} for no
    binary log; they may be changed between stop and start. `under` is a program that runs it, such as valgrind, with its
    words; `start_s` is how long it may take to answer."""

    def __init__(self, kind, folder, name, address, server_id, template, *, domain_id=None, tls=None, options=None,
                 under=(), start_s=30):
        super().__init__(folder / "sock", address, ports.free_port((address,), preferred=3306), tls)
        self.kind = kind
        self.folder = folder
        self.name = name
        self.domain_id = domain_id  # MariaDB's gtid_domain_id; a MySQL numbers under its own UUID
        if len(os.fsencode(self.socket)) > MAX_SOCKET_PATH:
            raise LabError(f"{self.socket}: too long for a unix socket; choose a lab folder with a shorter path")
        self.options = {
            "server-id": server_id,
            "report-host": address,
            "report-port": self.port,
            "ssl-ca": tls and tls.ca,
            "ssl-cert": tls and tls.cert,
            "ssl-key": tls and tls.key,
            **(options or {}),
        }
        self._template = template
        self._start_s = start_s
        self._process = Process(name, [*under, *kind.argv(kind.program), f"--defaults-file={self.defaults_file}", *as_root()],
                                log=folder / "error.log", env={**os.environ, **kind.environment()},
                                restart_code=kind.restart_code)

    def __str__(self):
        return f"{self.name} ({self.address}:{self.port})"

    def connect(self, account=None, **options):
        try:
            return super().connect(account, **options)
        except pymysql.err.OperationalError as error:
            if self._process.death is None:
                raise
            raise Died(f"{self} has ended by itself, with {self._process.death}\n{self._process.log_tail(60)}") from error

    @property
    def pid(self):
        return self._process.pid

    @property
    def is_running(self):
        return self._process.is_running

    @property
    def data(self):
        return self.folder / "data"

    @property
    def defaults_file(self):
        return self.folder / "my.cnf"

    @property
    def drop_in(self):
        """The folder of *.cnf files that it reads last, as a packaged server does; the lab leaves it empty."""
        return self.folder / "conf.d"

    def start(self):
        """Start it, on a fresh copy of the template the first time, and wait until it answers a query."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            run(["cp", "-a", "--sparse=always", "--reflink=auto", self._template, self.data])
        self.drop_in.mkdir(exist_ok=True)
        self.defaults_file.write_text(self._my_cnf())
        self._process.start()
        self._process.wait_ready(self.answers, self._start_s)

    def stop(self):
        """A clean shutdown."""
        if self.is_running:
            with contextlib.suppress(pymysql.Error, OSError):
                self.kind.prepare_stop(self)
        self._process.stop()

    def kill9(self):
        self._process.kill9()

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        self._process.freeze()

    def thaw(self):
        self._process.thaw()

    def answers(self):
        with contextlib.suppress(pymysql.Error, OSError):
            return self.value("SELECT 1") == 1
        return False

    def error_log(self):
        return self._process.log.read_text(errors="replace")

    # --- what each flavour says in its own way -----------------------------------------------------------------------

    def follow(self, source, account, channel=""):
        """Replicate from `source` over verified TLS, by default on the unnamed channel, from the position this server
        is at. On a named one it leaves out what bears this server's own origin."""
        self.kind.follow(self, source, account, channel)

    def links(self):
        """Every replication channel of this server, as Link."""
        return self.kind.links(self)

    def position(self):
        """What this server has logged so far: a MariaDB GTID position or a MySQL GTID set, as text."""
        return self.kind.position(self)

    def wait_applied(self, position, deadline_s=30):
        """Wait until this replica has applied everything up to `position`."""
        if not self.kind.has_applied(self, position, deadline_s):
            raise LabError(f"{self} has not applied {position} within {deadline_s} s: {self.links()}")

    def forget(self):
        """Take away every channel, the binary log and the position."""
        self.kind.forget(self)

    def _my_cnf(self):
        options = self.kind.complete({
            "datadir": self.data,
            "socket": self.socket,
            "pid-file": self.folder / "pid",
            "tmpdir": self.folder,
            "bind-address": self.address,
            "port": self.port,
            **self.kind.places(self),
            **self.kind.options,
            **self.options,
        })
        lines = ["# written by the lab at every start", "[client]", "user=root", "[mysqld]"]
        for name, value in options.items():
            if value is not None:
                lines.append(name if value is True else f"{name}={value}")
        lines.append(f"!includedir {self.drop_in}")
        return "\n".join(lines) + "\n"


class Cluster:
    """A primary and its replicas, all of one kind. `side` is "old" or "new"."""

    def __init__(self, side, primary, replicas):
        self.side = side
        self.primary = primary
        self.replicas = replicas

    @property
    def kind(self):
        return self.primary.kind

    @property
    def nodes(self):
        return [self.primary, *self.replicas]

    def attach_replicas(self, replication):
        """Let every replica follow the primary, with the replication account."""
        for replica in self.replicas:
            replica.follow(self.primary, replication)

    def wait_replicas(self, deadline_s=30):
        """Wait until every replica has applied what the primary has logged so far."""
        position = self.primary.position()
        for replica in self.replicas:
            replica.wait_applied(position, deadline_s)


def cached(path, build):
    """`path`, made by `build(temporary_path)` unless it exists. Safe against other labs and against being killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(path.name + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            half_built = path.with_name(path.name + ".tmp")
            shutil.rmtree(half_built, ignore_errors=True)
            build(half_built)
            half_built.rename(path)
    return path


def as_root():
    """The server refuses to run as root unless told so. It stays root: a change of user would switch off the kernel's
    promise to kill it when the lab dies, and the lab adds no account to the machine."""
    return ["--user=root"] if os.geteuid() == 0 else []


def stop_all(servers, *, clean):
    """Stop the servers at the same time; without `clean` as a crash, which is much faster."""
    together(*[server.stop if clean else server.kill9 for server in servers])
