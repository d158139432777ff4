# SPDX-License-Identifier: MIT
"""One PowerDNS authoritative server, changed through its HTTP API.

It keeps no cache: what the API accepted is served at once. Several instances hold copies of their own, so that one
of them can be told later than the other.
"""

import contextlib
import json
import secrets
import sqlite3
import urllib.request
from pathlib import Path

from . import ports
from .procs import Process

PDNS_SERVER = "/usr/sbin/pdns_server"
SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
NEGATIVE_TTL_S = 2
API_TIMEOUT_S = 5


class PowerDns:
    """Owns: one folder, one pdns_server at `address`. Its zone has SOA and NS and no other record to begin with."""

    def __init__(self, folder, name, address, zone, nameservers):
        self.folder = folder
        self.name = name
        self.address = address
        self.port = ports.free_port((address,), preferred=5300)
        self.api_key = secrets.token_urlsafe(18)
        self._api_port = ports.free_port((address,), preferred=8081)
        self._zone = zone
        self._nameservers = nameservers
        self._process = Process(name, [PDNS_SERVER, f"--config-dir={folder}"], log=folder / "pdns.log")

    @property
    def dns(self):
        """Where it answers, as address:port."""
        return f"{self.address}:{self.port}"

    @property
    def api_url(self):
        return f"http://{self.address}:{self._api_port}/api/v1/servers/localhost"

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        is_new = not self.folder.exists()
        if is_new:
            self._create_database()
        (self.folder / "pdns.conf").write_text(self._pdns_conf())
        self._process.start()
        self._process.wait_ready(self._answers)
        if is_new:
            self._create_zone()

    def stop(self):
        self._process.stop()

    def kill9(self):
        self._process.kill9()

    def freeze(self):
        self._process.freeze()

    def thaw(self):
        self._process.thaw()

    def set_rrset(self, name, kind, ttl_s, contents):
        """Replace all records of a name and type. May be repeated."""
        self._change(name, {"type": kind, "changetype": "REPLACE", "ttl": ttl_s,
                            "records": [{"content": content, "disabled": False} for content in contents]})

    def delete_rrset(self, name, kind):
        """Remove all records of a name and type. May be repeated."""
        self._change(name, {"type": kind, "changetype": "DELETE"})

    def _change(self, name, rrset):
        self._api("PATCH", f"/zones/{self._zone}.", {"rrsets": [{"name": f"{name}.", **rrset}]})

    def _create_database(self):
        self.folder.mkdir(parents=True, mode=0o700)
        with contextlib.closing(sqlite3.connect(self._database)) as database:
            database.executescript(SCHEMA.read_text())

    def _create_zone(self):
        first = self._nameservers[0]
        soa = f"{first}. hostmaster.{self._zone}. 1 3600 600 86400 {NEGATIVE_TTL_S}"
        self._api("POST", "/zones", {
            "name": f"{self._zone}.", "kind": "Native", "soa_edit_api": "INCREASE",
            "rrsets": [
                {"name": f"{self._zone}.", "type": "SOA", "ttl": 3600, "records": [{"content": soa}]},
                {"name": f"{self._zone}.", "type": "NS", "ttl": 3600,
                 "records": [{"content": f"{server}."} for server in self._nameservers]},
            ]})

    def _answers(self):
        with contextlib.suppress(OSError):
            return self._api("GET", "") is not None
        return False

    def _api(self, method, path, body=None):
        request = urllib.request.Request(
            self.api_url + path, data=body and json.dumps(body).encode(), method=method,
            headers={"X-API-Key": self.api_key, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=API_TIMEOUT_S) as answer:
            return answer.read()

    @property
    def _database(self):
        return self.folder / "zones.sqlite3"

    def _pdns_conf(self):
        return f"""\
launch=gsqlite3
gsqlite3-database={self._database}
gsqlite3-pragma-synchronous=0
local-address={self.address}
local-port={self.port}
socket-dir={self.folder}
api=yes
api-key={self.api_key}
webserver=yes
webserver-address={self.address}
webserver-port={self._api_port}
webserver-allow-from=127.0.0.0/8
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
security-poll-suffix=
version-string=anonymous
daemon=no
guardian=no
disable-syslog=yes
loglevel=4
"""
