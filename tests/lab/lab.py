# SPDX-License-Identifier: MIT
"""The lab as one object: everything of it lives in one folder and one network, and is gone when it stops.

    with Lab(mb=2) as lab:
        lab.old.primary.query("SELECT ...")
        lab.cutover("status", "--json")

Guarantee: after stop() no process, port or file of it remains (the folder does with keep=True). When the Python
process that holds it is killed, the kernel kills the servers; the folder is reused by the next lab that is given it.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import accounts, config, dataset, kinds, mariadb, ports, servers, sshd, tls
from .cloudflare import Cloudflare, Token
from .database import Database
from .edge import Edge
from .keeper import Keeper
from .powerdns import PowerDns
from .procs import LabError, together, wait_until
from .site import Site
from .unbound import Unbound

REPOSITORY = Path(__file__).parents[2]
BUILD = REPOSITORY / "build"
CACHE = BUILD / "lab-cache"
CUTOVER = REPOSITORY / (os.environ.get("BUILD") or "build") / "cutover"   # of the same build as the other tests' programs

ZONE = "example.com"
PROXIED = f"www.{ZONE}"     # visitors reach it through the edge: a flip takes effect at once
DNS_ONLY = f"blog.{ZONE}"   # visitors hold the origin's address until their resolver forgets it
RECORD_TTL_S = 60           # before anybody lowered it
MIN_TTL_S = 2               # of the lab's plan; Cloudflare's own plans start at 30 or 60
MARKER = ".cutover-lab"     # in every folder that a lab may empty

# The last number of each server's address in the lab's network.
EDGE, ORIGINS, DATABASES = 10, {"old": 11, "new": 12}, {"old": 20, "new": 30}
SERVER_IDS = {"old": 100, "new": 200}
NAME_SERVERS, RESOLVER, CLOUDFLARE = (53, 54), 55, 80

LIMITS = {"statement": "10s", "lock_wait": "1s", "lag": "500ms", "drain": "5s", "dns": "1m", "stragglers": "1m"}


class Dns:
    """The lab's name service: authoritative servers and one caching resolver."""

    def __init__(self, root, network, zone):
        self.zone = zone
        names = {f"ns{i}": network.address(host) for i, host in enumerate(NAME_SERVERS, start=1)}
        self.authoritative = [PowerDns(root / name, name, address, zone, [f"{n}.{zone}" for n in names])
                              for name, address in names.items()]
        self.resolver = Unbound(root / "resolver", "resolver", network.address(RESOLVER), zone, self.authoritative)

    def start(self):
        together(self.resolver.start, *[server.start for server in self.authoritative])
        for server in self.authoritative:
            self.publish(f"{server.name}.{self.zone}", 3600, [server.address])

    def publish(self, name, ttl_s, addresses):
        """Set an A record on every authoritative server at once, past Cloudflare."""
        for server in self.authoritative:
            server.set_rrset(name, "A", ttl_s, addresses)

    def stop(self):
        together(self.resolver.stop, *[server.stop for server in self.authoritative])


class Lab:
    """Two clusters with a data set on OLD, and around them, unless left out, DNS, Cloudflare and the site.

    root      the lab's folder; by default a new one in build/
    mb        at least this many MB of data
    replicas  how many in each cluster
    old, new  the kind of a side's servers, of kinds.NAMES; by default CUTOVER_LAB_OLD, CUTOVER_LAB_NEW, mariadb-10.11
    options   {server name: {option: value}}, over what its kind sets; names are old1, old2, new1, ...
    ssh       start an sshd on each server's address, and say so in the configuration (sshd.py); its servers are
              the same, and whoever logs in is who runs the lab
    keep      leave the folder, with the servers cleanly shut down, for somebody to look at
    """

    def __init__(self, root=None, mb=200, replicas=1, dns=True, cloudflare=True, site=True, options=None, keep=False,
                 old=None, new=None, ssh=False):
        self.root = Path(root).resolve() if root else None
        self.mb = mb
        self.kinds = {side: kinds.find(name or kinds.default(side)) for side, name in (("old", old), ("new", new))}
        self.accounts = accounts.generate()
        self.old = self.new = None          # Cluster
        self.dns = None                     # Dns
        self.cloudflare = self.edge = None  # Cloudflare, Edge
        self.sites = {}                     # {"old": Site, "new": Site}
        self.config = None                  # Config
        self.hosts = {}                     # {server name: Host}, with ssh
        self.keepers = {}                   # {server name: Keeper}, with ssh
        self.keys = None                    # Keys, with ssh
        self._replicas = replicas
        self._wants_dns, self._wants_cloudflare, self._wants_site = dns, cloudflare and dns, site
        self._options = options or {}
        self._wants_ssh = ssh
        self._keep = keep
        self._network = self._tls = self._token = None
        self._undo = contextlib.ExitStack()  # how to stop what has been started

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Bring everything up; when it returns the replicas have caught up and the names resolve."""
        try:
            self._claim_root()
            self._network = ports.Network()
            self._undo.callback(self._network.release)
            self.site_port = ports.free_port([self.edge_address, *self.origins.values()], preferred=8080)
            together(self._start_clusters, self._start_dns)
            self._start_hosts()
            self._start_cloudflare()
            self._start_sites()
            self._write_config()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Stop everything that was started, last things first. May be called at any time, and more than once."""
        self._undo.close()

    @property
    def servers(self):
        """Every database server of both clusters."""
        return [server for cluster in (self.old, self.new) if cluster for server in cluster.nodes]

    @property
    def pair(self):
        """Which servers these are, for people."""
        old, new = self.kinds["old"], self.kinds["new"]
        return f"{old} on OLD and {new} on NEW"

    @property
    def cfg_path(self):
        return self.config.path

    @property
    def edge_address(self):
        return self._network.address(EDGE)

    @property
    def origins(self):
        """{"old": address, "new": address}: where each side's site listens."""
        return {side: self._network.address(host) for side, host in ORIGINS.items()}

    def cutover(self, *args, cfg=None, timeout=120, env=None, binary=CUTOVER):
        """Run build/cutover with this lab's configuration (or `cfg`) to its end; a CompletedProcess with text."""
        return subprocess.run([binary, "-c", cfg or self.cfg_path, *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout, env={**os.environ, **(env or {})}, check=False)

    def database(self, side, role="app"):
        """The primary of a side and an account there, for the site and for whoever audits it."""
        primary = {"old": self.old, "new": self.new}[side].primary
        account = self.accounts[role]
        return Database(primary.address, primary.port, account.user, account.password, "blog", str(self._tls.ca))

    def _claim_root(self):
        """Take the folder for this lab alone. Only one that is empty or was a lab's before is emptied."""
        if self.root is None:
            BUILD.mkdir(exist_ok=True)
            self.root = Path(tempfile.mkdtemp(prefix="lab-", dir=BUILD))
        self.root.mkdir(parents=True, exist_ok=True)
        marker = self.root / MARKER
        if any(self.root.iterdir()) and not marker.exists():
            raise LabError(f"{self.root} is not empty and was not made by a lab")
        lock = open(marker, "w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise LabError(f"another lab runs in {self.root}") from None
        self._undo.callback(lock.close)
        if not self._keep:
            self._undo.callback(shutil.rmtree, self.root)
        for entry in self.root.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry != marker:
                entry.unlink()

    def _start_clusters(self):
        self._tls = tls.create(self.root / "tls", [self._network.address(base + i) for base in DATABASES.values()
                                                   for i in range(1, self._replicas + 2)])
        templates = {"old": dataset.cached_template(CACHE, self.mb, self.kinds["old"]),
                     "new": self.kinds["new"].empty_template(CACHE)}
        self.old, self.new = (self._cluster(side, templates[side]) for side in ("old", "new"))
        self._undo.callback(servers.stop_all, self.servers, clean=self._keep)
        together(*[lambda server=server: self._start_server(server) for server in self.servers])
        for cluster in (self.old, self.new):
            cluster.attach_replicas(self.accounts["replication"])
        dataset.create_event(self.old.primary)
        self.old.wait_replicas()

    def _cluster(self, side, template):
        nodes = []
        for i in range(1, self._replicas + 2):
            name, host = f"{side}{i}", DATABASES[side] + i
            is_open = side == "old" and i == 1
            options = {"read-only": None if is_open else 1, **self._options.get(name, {})}
            nodes.append(servers.Server(
                self.kinds[side], self.root / name, name, self._network.address(host), SERVER_IDS[side] + i, template,
                domain_id=mariadb.DOMAIN[side], tls=self._tls, options=options))
        return servers.Cluster(side, nodes[0], nodes[1:])

    def _start_server(self, server):
        server.start()
        server.query(accounts.grants(self.accounts, server.kind.flavour))

    def _start_hosts(self):
        if not self._wants_ssh:
            return
        self.keys = sshd.Keys(self.root / "ssh")
        for server in self.servers:
            bin_ = server.kind.put_on_host(self.root / f"bin-{server.name}")
            host = sshd.Host(self.root / f"ssh-{server.name}", f"ssh-{server.name}", server.address, self.keys,
                             options=[sshd.path_option(bin_)] if bin_ else ())
            self._undo.callback(host.stop)
            host.start()
            self.keys.know(host)
            self.hosts[server.name] = host
            self.keepers[server.name] = Keeper(server)
            self._undo.callback(self.keepers[server.name].close)

    def _start_dns(self):
        if self._wants_dns:
            self.dns = Dns(self.root, self._network, ZONE)
            self._undo.callback(self.dns.stop)
            self.dns.start()
            if not self._wants_cloudflare:
                for name in (PROXIED, DNS_ONLY):
                    self.dns.publish(name, RECORD_TTL_S, [self.origins["old"]])

    def _start_cloudflare(self):
        if not self._wants_cloudflare:
            return
        address = self._network.address(CLOUDFLARE)
        self._token = secrets.token_urlsafe(30)
        self.edge = Edge(self.edge_address, self.site_port).start()
        self._undo.callback(self.edge.stop)
        self.cloudflare = Cloudflare(
            {ZONE: "lab"}, address=address, port=ports.free_port((address,), preferred=8080),
            dns={server.name: server for server in self.dns.authoritative}, edge=self.edge,
            tokens={self._token: Token(secrets.token_hex(16))},
            name_servers=[f"{server.name}.{ZONE}" for server in self.dns.authoritative]).start()
        self._undo.callback(self.cloudflare.stop)
        self.cloudflare.add_record(PROXIED, "A", self.origins["old"], proxied=True)
        self.cloudflare.add_record(DNS_ONLY, "A", self.origins["old"], ttl=RECORD_TTL_S)
        wait_until(self.cloudflare.wait_carried, 10, "the first records to reach the name servers")

    def _start_sites(self):
        if self._wants_site:
            for cluster in (self.old, self.new):
                site = Site(cluster.side, self.origins[cluster.side], self.site_port, self.database(cluster.side))
                self._undo.callback(site.stop)
                site.start()
                self.sites[cluster.side] = site

    def _write_config(self):
        folder = self.root / "etc"
        folder.mkdir()
        self.config = config.Config(folder)
        references = {role: {"user": account.user,
                             "password": self.config.secret(role, account.password)}
                      for role, account in self.accounts.items() if role in accounts.PUBLISHED}
        self.config.write(config.settings(
            databases=["blog"], old=self.old, new=self.new, accounts=references, ca=self._tls.ca,
            dns=self._dns_settings(), limits=LIMITS, keys=self.keys, hosts=self.hosts,
            keepers=self.keepers))

    def _dns_settings(self):
        if not self.cloudflare:
            return None
        return {
            "provider": "cloudflare",
            "zone": ZONE,
            "token": self.config.secret("cloudflare-token", self._token),
            "api": self.cloudflare.url,
            "authoritative": [server.dns for server in self.dns.authoritative],
            "resolvers": [self.dns.resolver.dns],
            "min_ttl": MIN_TTL_S,
            "records": tuple({"name": name, "type": "A", **self.origins} for name in (PROXIED, DNS_ONLY)),
        }
