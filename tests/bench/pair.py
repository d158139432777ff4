# SPDX-License-Identifier: MIT
"""Two servers of one kind with durable commits, NEW following OLD by cutover's own link, and cutover.cfg for them."""

import contextlib
import os
import shutil
import subprocess

from tests.lab import accounts, config, mariadb, ports, servers, tls
from tests.lab.procs import together, wait_until

from . import data

LINK = "cutover_forward"
TOOLS = accounts.Account("tools", "tools")  # whom pt-table-checksum and sysbench log in as; may do everything

# As perf-minded owners set them: every commit is on disk before it is answered, and the data fits into memory.
_OPTIONS = {
    "sync-binlog": 1,
    "innodb-flush-log-at-trx-commit": 1,
    "max-allowed-packet": "64M",
    "slow-query-log": "OFF",
    "slow-query-log-file": "slow.log",
    "log-output": "FILE",
    "log-slow-admin-statements": 0,
}
_NAMES = {"old": (21, 101, None), "new": (31, 201, 1)}  # last number of the address, server id, read_only


class Pair:
    """Owns: one folder with both data directories, gone when it stops.

    pair.old, pair.new   Server
    pair.plain, pair.tls paths of a cutover.cfg without and with TLS
    pair.gentle          one for a comparison that shall hardly be noticed; None when this cutover has no such settings
    pair.roles           {role: Account}
    pair.pt_refusal      why pt-table-checksum cannot compare these servers; empty: it can
    """

    GENTLE = {"pace": "gentle"}

    def __init__(self, root, mb, binary, kind):
        self.root = root
        self.kind = kind
        self.mb = mb
        self.binary = binary
        self.plain = self.tls = self.gentle = None
        self.pt_refusal = ""
        self.roles = accounts.generate()
        self.rows = data.rows_of(mb)
        self._undo = contextlib.ExitStack()

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *_):
        self._undo.close()

    @property
    def row_count(self):
        return sum(self.rows.values())

    @property
    def sides(self):
        return self.old, self.new

    def caught_up(self, deadline_s=600):
        """Wait until NEW has everything that OLD has logged."""
        self.new.wait_applied(self.old.position(), deadline_s)

    def argv(self, *words, cfg=None):
        """How to run cutover on this pair."""
        return [str(self.binary), "-c", str(cfg or self.plain), *words]

    def _start(self):
        kind = self.kind
        template = data.template(self.root, self.mb, kind)
        folder = self.root / f"run-{os.getpid()}"
        folder.mkdir()
        self._undo.callback(shutil.rmtree, folder, ignore_errors=True)
        network = ports.Network()
        self._undo.callback(network.release)
        certificate = tls.create(folder / "tls", [network.address(host) for host, _, _ in _NAMES.values()])
        pool = {"innodb-buffer-pool-size": f"{self.mb * 3 // 2 + 512}M"}
        self.old, self.new = (
            servers.Server(kind, folder / name, name, network.address(host), number, template, tls=certificate,
                           domain_id=mariadb.DOMAIN[name], options={**_OPTIONS, **data.redo_log(kind), **pool, "read-only": read_only})
            for name, (host, number, read_only) in _NAMES.items())
        self._undo.callback(servers.stop_all, self.sides, clean=False)
        together(*[lambda server=server: self._start_server(server) for server in self.sides])
        self.new.follow(self.old, self.roles["replication"], LINK)
        wait_until(lambda: all(link.runs for link in self.new.links()), 30, "the link")
        self._write_config(folder / "etc", certificate)

    def _start_server(self, server):
        server.start()
        server.query(accounts.grants(self.roles, self.kind.flavour).replace("`blog`", f"`{data.SCHEMA}`"))
        server.query(f"CREATE USER {TOOLS.user}@'127.%' IDENTIFIED BY '{TOOLS.password}';"
                     f"GRANT ALL ON *.* TO {TOOLS.user}@'127.%' WITH GRANT OPTION")
        server.forget()
        for account in (*self.roles.values(), TOOLS):  # MySQL then lets it in without TLS, too
            server.query("SELECT 1", account=account)
        for table in data.TABLES:  # into memory
            server.query(f"SELECT SUM({data.column_lengths(server, table)}) FROM {data.SCHEMA}.{table}")

    def _write_config(self, folder, certificate):
        folder.mkdir()
        written = config.Config(folder)
        references = {role: {"user": account.user, "password": written.secret(role, account.password)}
                      for role, account in self.roles.items() if role in accounts.PUBLISHED}
        sides = [servers.Cluster(server.name, server, []) for server in self.sides]
        written.write(config.settings(databases=[data.SCHEMA], old=sides[0], new=sides[1], accounts=references,
                                      ca=certificate.ca, dns=None, limits={"statement": "60s"}))
        self.tls = written.path
        self.plain = written.variant("plain", lambda settings: settings["tls"].update(mode="off"))

        def be_gentle(settings):
            settings["tls"].update(mode="off")
            settings["verify"] = self.GENTLE

        gentle = written.variant("gentle", be_gentle)
        done = subprocess.run(self.argv("status", cfg=gentle), capture_output=True, text=True, check=False)
        self.gentle = None if "verify" in done.stderr else gentle
