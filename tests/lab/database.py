# SPDX-License-Identifier: MIT
"""Where a database is and as whom to log in: what the site and the audit are handed."""

from dataclasses import dataclass, field

import pymysql

CONNECT_TIMEOUT_S = 2


@dataclass(frozen=True)
class Database:
    """One primary. `ca` is the file of the CA of its certificate; without it there is no TLS."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str = "blog"
    ca: str | None = None

    def connect(self, timeout_s=10, autocommit=False, idle_s=600):
        """A new connection whose every statement ends after `timeout_s`, one way or the other.
        The server closes it once it was idle for `idle_s`."""
        return pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password,
            database=self.name, charset="utf8mb4", autocommit=autocommit,
            ssl={"ca": str(self.ca)} if self.ca else None, connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=timeout_s, write_timeout=timeout_s,
            init_command=f"SET SESSION wait_timeout = {int(idle_s)}",
            cursorclass=pymysql.cursors.DictCursor)
