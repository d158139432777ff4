# SPDX-License-Identifier: MIT
"""A caching resolver that honours TTLs, as the users' providers run them. It knows the lab's zone and nothing else."""

import subprocess

import dns.message
import dns.query
import dns.rdatatype

from . import ports
from .procs import LabError, Process, run

UNBOUND = "/usr/sbin/unbound"
UNBOUND_CONTROL = "/usr/sbin/unbound-control"
QUERY_TIMEOUT_S = 5


class Unbound:
    """Owns: one folder, one unbound at `address`, which asks all of the `authoritative` servers (PowerDns)."""

    def __init__(self, folder, name, address, zone, authoritative):
        self.folder = folder
        self.name = name
        self.address = address
        self.port = ports.free_port((address,), preferred=5300)
        self._zone = zone
        self._authoritative = authoritative
        self._conf = folder / "unbound.conf"
        self._process = Process(name, [UNBOUND, "-d", "-p", "-c", self._conf], log=folder / "unbound.log")

    @property
    def dns(self):
        """Where it answers, as address:port."""
        return f"{self.address}:{self.port}"

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._conf.write_text(self._unbound_conf())
        self._process.start()
        self._process.wait_ready(self._is_up)

    def stop(self):
        self._process.stop()

    def kill9(self):
        self._process.kill9()

    def flush(self):
        """Forget everything cached about the zone."""
        self._control("flush_zone", self._zone)

    def resolve(self, name, kind="A"):
        """Ask it as a user would: ([address, ...], ttl_s); ([], None) when there is no such record."""
        answer = dns.query.udp(dns.message.make_query(name, kind), self.address, port=self.port,
                               timeout=QUERY_TIMEOUT_S)
        wanted = dns.rdatatype.from_text(kind)
        for rrset in answer.answer:
            if rrset.rdtype == wanted:
                return sorted(record.to_text() for record in rrset), rrset.ttl
        return [], None

    def _is_up(self):
        try:
            self._control("status")
        except LabError:
            return False
        return True

    def _control(self, *command):
        return run([UNBOUND_CONTROL, "-c", self._conf, *command], timeout=QUERY_TIMEOUT_S,
                   stdin=subprocess.DEVNULL)

    def _unbound_conf(self):
        stubs = "\n".join(f"  stub-addr: {server.address}@{server.port}" for server in self._authoritative)
        return f"""\
server:
  interface: {self.address}
  port: {self.port}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  do-not-query-localhost: no
  module-config: "iterator"
  qname-minimisation: no
  local-zone: "{self._zone}." nodefault
remote-control:
  control-enable: yes
  control-interface: {self.folder}/control
  control-use-cert: no
stub-zone:
  name: "{self._zone}."
{stubs}
"""
