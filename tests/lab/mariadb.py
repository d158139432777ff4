# SPDX-License-Identifier: MIT
"""MariaDB servers and clusters of the lab.

A server lives in one folder: data, configuration, socket, error log. It starts from a copy of a template, a data
directory that was built once and shut down cleanly, so a new server is up in half a second.

Durability: what a server acknowledged survives the death of its process (kill9), because every commit is handed to
the kernel (innodb_flush_log_at_trx_commit=2, sync_binlog=0). It does not survive the death of the machine.
"""

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT

from . import ports
from .procs import LabError, Process, run, together

MARIADBD = "/usr/sbin/mariadbd"
SHARE = Path("/usr/share/mysql")
DOMAIN = {"old": 1, "new": 2}  # gtid_domain_id
MAX_SOCKET_PATH = 107

# What mariadb-install-db feeds to the server, less help tables, sys schema and the test database.
_SYSTEM_TABLES = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql",
                  "maria_add_gis_sp_bootstrap.sql")

# A value of None leaves the option out, True writes it without a value.
_OPTIONS = {
    "skip-name-resolve": True,
    "character-set-server": "utf8mb4",
    "event-scheduler": "ON",
    "max-connections": 300,
    # replication as a careful DBA sets it
    "log-bin": "bin",
    "relay-log": "relay",
    "log-slave-updates": 1,
    "binlog-format": "ROW",
    "binlog-row-image": "FULL",
    "binlog-expire-logs-seconds": 86400,
    "gtid-strict-mode": 1,
    "slave-parallel-threads": 4,
    "slave-parallel-mode": "optimistic",
    "slave-net-timeout": 10,
    "sync-binlog": 0,
    "innodb-flush-log-at-trx-commit": 2,
    # a small footprint
    "performance-schema": "OFF",
    "innodb-buffer-pool-size": "128M",
    "innodb-log-file-size": "64M",
    "innodb-buffer-pool-dump-at-shutdown": 0,
    "innodb-buffer-pool-load-at-startup": 0,
    "key-buffer-size": "1M",
    "aria-pagecache-buffer-size": "1M",
    "table-open-cache": 400,
}


class Sql:
    """How to talk to one server: as root over its socket, or as an account over TCP and verified TLS."""

    def __init__(self, socket, address=None, port=None, tls=None):
        self.socket = socket
        self.address = address
        self.port = port
        self._tls = tls

    def connect(self, account=None, **options):
        """A new connection: as `account` over TCP and TLS, or as root over the socket. Autocommit, rows as dicts."""
        login = {"user": "root", "unix_socket": str(self.socket)}
        if account:
            login = {"user": account.user, "password": account.password, "host": self.address, "port": self.port,
                     "ssl": self._tls and {"ca": str(self._tls.ca)}}
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
    """One mariadbd. `options` override or extend what it is started with, e.g. {"log-bin": None} for no binary log;
    they may be changed between stop and start."""

    def __init__(self, folder, name, address, server_id, template, *, domain_id=None, tls=None, options=None):
        super().__init__(folder / "sock", address, ports.free_port((address,), preferred=3306), tls)
        self.folder = folder
        self.name = name
        if len(os.fsencode(self.socket)) > MAX_SOCKET_PATH:
            raise LabError(f"{self.socket}: too long for a unix socket; choose a lab folder with a shorter path")
        self.options = {
            "server-id": server_id,
            "report-host": address,
            "report-port": self.port,
            "gtid-domain-id": domain_id,
            "ssl-ca": tls and tls.ca,
            "ssl-cert": tls and tls.cert,
            "ssl-key": tls and tls.key,
            **(options or {}),
        }
        self._template = template
        self._process = Process(name, [MARIADBD, f"--defaults-file={folder}/my.cnf", *_as_root()],
                                log=folder / "error.log")

    def __str__(self):
        return f"{self.name} ({self.address}:{self.port})"

    @property
    def pid(self):
        return self._process.pid

    @property
    def is_running(self):
        return self._process.is_running

    def start(self):
        """Start it, on a fresh copy of the template the first time, and wait until it answers a query."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._data.exists():
            _copy(self._template, self._data)
        (self.folder / "my.cnf").write_text(self._my_cnf())
        self._process.start()
        self._process.wait_ready(self.answers)

    def stop(self):
        """A clean shutdown."""
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

    def follow(self, source, account):
        """Replicate from `source` over verified TLS on the unnamed channel, from the position this server is at."""
        self.query(
            "CHANGE MASTER TO MASTER_HOST=%s, MASTER_PORT=%s, MASTER_USER=%s, MASTER_PASSWORD=%s, MASTER_SSL=1,"
            " MASTER_SSL_CA=%s, MASTER_SSL_VERIFY_SERVER_CERT=1, MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1;"
            " START SLAVE",
            (source.address, source.port, account.user, account.password, str(self._tls.ca)))

    def wait_applied(self, position, deadline_s=30):
        """Wait until this replica has applied everything up to the GTID position."""
        if self.value("SELECT MASTER_GTID_WAIT(%s, %s)", (position, deadline_s)) != 0:
            raise LabError(f"{self} has not applied {position} within {deadline_s} s: {self.query('SHOW SLAVE STATUS')}")

    @property
    def _data(self):
        return self.folder / "data"

    def _my_cnf(self):
        options = {
            "datadir": self._data,
            "socket": self.socket,
            "pid-file": self.folder / "pid",
            "tmpdir": self.folder,
            "bind-address": self.address,
            "port": self.port,
            **_OPTIONS,
            **self.options,
        }
        lines = ["# written by the lab at every start", "[mysqld]"]
        for name, value in options.items():
            if value is not None:
                lines.append(name if value is True else f"{name}={value}")
        return "\n".join(lines) + "\n"


class Cluster:
    """A primary and its replicas. `side` is "old" or "new"."""

    def __init__(self, side, primary, replicas):
        self.side = side
        self.primary = primary
        self.replicas = replicas

    @property
    def nodes(self):
        return [self.primary, *self.replicas]

    def attach_replicas(self, replication):
        """Let every replica follow the primary, with the replication account."""
        for replica in self.replicas:
            replica.follow(self.primary, replication)

    def wait_replicas(self, deadline_s=30):
        """Wait until every replica has applied what the primary has logged so far."""
        position = self.primary.value("SELECT @@gtid_binlog_pos")
        for replica in self.replicas:
            replica.wait_applied(position, deadline_s)


def version():
    """The version of the installed server, e.g. 10.11.14."""
    return run([MARIADBD, "--no-defaults", "--version"]).split("Ver ")[1].split("-")[0]


def empty_template(cache):
    """A data directory with nothing but the system tables; built when `cache` has none."""
    return cached(cache / f"mariadb-{version()}", _bootstrap)


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


def _bootstrap(datadir):
    datadir.mkdir()
    statements = ["create database if not exists mysql;", "use mysql;", "SET @auth_root_socket=NULL;",
                  "SET @skip_auth_anonymous=NULL;"]
    for name in _SYSTEM_TABLES:
        lines = (SHARE / name).read_text().splitlines()
        statements += [line for line in lines if "@current_hostname" not in line]
    run([MARIADBD, "--no-defaults", "--bootstrap", "--silent-startup", *_as_root(), f"--datadir={datadir}",
         "--enforce-storage-engine=", "--max-allowed-packet=8M", "--innodb-log-file-size=4M"],
        input="\n".join(statements) + "\n")


def _copy(template, datadir):
    run(["cp", "-a", "--sparse=always", "--reflink=auto", template, datadir])


def _as_root():
    """mariadbd refuses to run as root unless told so. It stays root: a change of user would switch off the kernel's
    promise to kill it when the lab dies, and the lab adds no account to the machine."""
    return ["--user=root"] if os.geteuid() == 0 else []


def stop_all(servers, *, clean):
    """Stop the servers at the same time; without `clean` as a crash, which is much faster."""
    together(*[server.stop if clean else server.kill9 for server in servers])


