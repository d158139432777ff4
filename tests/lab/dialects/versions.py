# SPDX-License-Identifier: MIT
"""The servers that can be scripted, and ranges of versions."""

import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"


@cache
def number(text):
    """"8.0.22" -> 80022; a missing part is 0."""
    parts = [int(part) for part in text.split(".")] + [0, 0]
    return parts[0] * 10000 + parts[1] * 100 + parts[2]


@dataclass(frozen=True)
class Span:
    """One flavour's versions from `first` on, and before `below` where one is given."""

    flavour: str
    first: str = "0"
    below: str = "999"

    def __contains__(self, server):
        return self.flavour == server.flavour and number(self.first) <= server.number < number(self.below)


def mysql(first="0", below="999"):
    return (Span("mysql", first, below),)


def mariadb(first="0", below="999"):
    return (Span("mariadb", first, below),)


EVERYWHERE = mysql() + mariadb()
NOWHERE = ()


def fits(spans, server):
    return any(server in span for span in spans)


@dataclass(frozen=True)
class Version:
    """One server. `text` is what VERSION() answers; `recording` the real server that its tables are derived from."""

    name: str
    text: str
    flavour: str
    comment: str
    recording: str

    @cached_property
    def number(self):
        return number(re.match(r"[0-9.]+", self.text).group())

    @property
    def greeting(self):
        """MariaDB before 11 hides its major version from old clients' version checks."""
        return f"5.5.5-{self.text}" if self.flavour == "mariadb" and self.number < 110000 else self.text

    @property
    def auth_plugin(self):
        """The default of the release: caching_sha2_password since MySQL 8.0.4; MariaDB kept the older one."""
        return "caching_sha2_password" if fits(mysql("8.0.4"), self) else "mysql_native_password"

    @property
    def is_recorded(self):
        return self.name == self.recording

    @property
    def recorded(self):
        return _recorded(self.recording)


@cache
def _recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


_COMMUNITY = "MySQL Community Server - GPL"
VERSIONS = {version.name: version for version in (
    Version("mysql-5.7", "5.7.44-log", "mysql", "MySQL Community Server (GPL)", "mysql-9.7"),
    Version("mysql-8.0.21", "8.0.21", "mysql", _COMMUNITY, "mysql-9.7"),
    Version("mysql-8.0.22", "8.0.22", "mysql", _COMMUNITY, "mysql-9.7"),
    Version("mysql-8.0.34", "8.0.34", "mysql", _COMMUNITY, "mysql-9.7"),
    Version("mysql-8.4", "8.4.6", "mysql", _COMMUNITY, "mysql-9.7"),
    Version("percona-8.0", "8.0.42-33", "mysql", "Percona Server (GPL), Release 33, Revision 9dc49998", "mysql-9.7"),
    Version("percona-8.4", "8.4.5-5", "mysql", "Percona Server (GPL), Release 5, Revision 2f0a3f4d", "mysql-9.7"),
    Version("mysql-9.7", "9.7.4", "mysql", _COMMUNITY, "mysql-9.7"),
    Version("mariadb-10.5", "10.5.23-MariaDB-log", "mariadb", "mariadb.org binary distribution", "mariadb-10.5"),
    Version("mariadb-10.6", "10.6.22-MariaDB-log", "mariadb", "mariadb.org binary distribution", "mariadb-10.11"),
    Version("mariadb-10.11", "10.11.19-MariaDB-log", "mariadb", "mariadb.org binary distribution", "mariadb-10.11"),
    Version("mariadb-11.4", "11.4.7-MariaDB-log", "mariadb", "mariadb.org binary distribution", "mariadb-11.8"),
    Version("mariadb-11.8", "11.8.6-MariaDB-log", "mariadb", "mariadb.org binary distribution", "mariadb-11.8"),
)}
