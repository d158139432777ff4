# SPDX-License-Identifier: MIT
"""MariaDB servers of the lab: how one is made, configured and told to replicate."""

from .procs import run
from .servers import Kind, Link, as_root

DOMAIN = {"old": 1, "new": 2}  # gtid_domain_id

# What mariadb-install-db feeds to the server, less help tables, sys schema and the test database. Older releases call
# the first three mysql_...
_SYSTEM_TABLES = ("mariadb_system_tables.sql", "mariadb_performance_tables.sql", "mariadb_system_tables_data.sql",
                  "maria_add_gis_sp_bootstrap.sql")


class MariaDb(Kind):
    """Any MariaDB from 10.5 on."""

    flavour = "mariadb"
    title = "MariaDB"
    program = "usr/sbin/mariadbd"
    client = "usr/bin/mariadb"
    on_host = ("mariadb-backup", "mbstream", "my_print_defaults")
    options = {
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
        "expire-logs-days": 1,
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
    small_options = {"innodb-log-file-size": "8M", "innodb-buffer-pool-size": "24M"}
    bulk_options = {
        "log-bin": None,
        "log-slave-updates": None,
        "event-scheduler": "OFF",
        "innodb-doublewrite": 0,
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-flush-method": "nosync",
        "innodb-log-file-size": "16M",
    }

    def places(self, server):
        return {**self._basedir(), "gtid-domain-id": server.domain_id}

    def follow(self, server, source, account, channel):
        ours = f", IGNORE_DOMAIN_IDS=({server.domain_id})" if channel else ""
        server.query(
            f"CHANGE MASTER '{channel}' TO MASTER_HOST=%s, MASTER_PORT=%s, MASTER_USER=%s, MASTER_PASSWORD=%s,"
            " MASTER_SSL=1, MASTER_SSL_CA=%s, MASTER_SSL_VERIFY_SERVER_CERT=1, MASTER_USE_GTID=slave_pos,"
            f" MASTER_CONNECT_RETRY=1{ours}; START SLAVE '{channel}'",
            (source.address, source.port, account.user, account.password, str(server.tls.ca)))

    def links(self, server):
        return [Link(name=row["Connection_name"], source=(row["Master_Host"], int(row["Master_Port"])),
                     io=row["Slave_IO_Running"], sql=row["Slave_SQL_Running"],
                     error=" ".join(filter(None, (row["Last_IO_Error"], row["Last_SQL_Error"]))),
                     is_verified=row["Master_SSL_Allowed"] == row["Master_SSL_Verify_Server_Cert"] == "Yes")
                for row in server.query("SHOW ALL SLAVES STATUS")]

    def position(self, server):
        return server.value("SELECT @@gtid_binlog_pos")

    def has_applied(self, server, position, deadline_s):
        return server.value("SELECT MASTER_GTID_WAIT(%s, %s)", (position, deadline_s)) == 0

    def forget(self, server):
        names = [link.name for link in server.links()]
        server.query("STOP ALL SLAVES; " + "".join(f"RESET SLAVE '{name}' ALL; " for name in names)
                     + "RESET MASTER; SET GLOBAL gtid_slave_pos = ''")

    def _basedir(self):
        """What a server that is not where it was built for must be told."""
        if not self.deps:
            return {}
        return {"basedir": self.folder / "usr", "plugin-dir": self.folder / "usr/lib/mysql/plugin",
                "lc-messages-dir": self._share, "character-sets-dir": self._share / "charsets"}

    @property
    def _share(self):
        named = self.folder / "usr/share/mariadb"
        return named if (named / "charsets").exists() else self.folder / "usr/share/mysql"

    def _bootstrap(self, datadir):
        datadir.mkdir()
        statements = ["create database if not exists mysql;", "use mysql;", "SET @auth_root_socket=NULL;",
                      "SET @skip_auth_anonymous=NULL;"]
        for name in _SYSTEM_TABLES:
            path = self._share / name
            if not path.exists():
                path = self._share / name.replace("mariadb_", "mysql_")
            statements += [line for line in path.read_text().splitlines() if "@current_hostname" not in line]
        options = [f"--{name}={value}" for name, value in self._basedir().items()]
        run([*self.argv(self.program), "--no-defaults", "--bootstrap", "--silent-startup", *as_root(), *options,
             f"--datadir={datadir}", "--enforce-storage-engine=", "--max-allowed-packet=8M", "--innodb-log-file-size=4M",
             "--skip-ssl"], input="\n".join(statements) + "\n")
