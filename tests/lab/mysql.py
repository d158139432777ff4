# SPDX-License-Identifier: MIT
"""MySQL servers of the lab: how one is made, configured and told to replicate."""

import os

from .procs import run
from .servers import Kind, Link, as_root


class MySql(Kind):
    """MySQL 8.4 or newer. (The lab's configuration uses the option names of today.)

    The lab starts a server again that asks for it, as an init system does: the statement RESTART and the end of
    CLONE INSTANCE work.
    """

    flavour = "mysql"
    title = "MySQL"
    program = "usr/sbin/mysqld"
    client = "usr/bin/mysql"
    restart_code = 16  # MYSQLD_RESTART_EXIT
    options = {
        "skip-name-resolve": True,
        "character-set-server": "utf8mb4",
        "event-scheduler": "ON",
        "max-connections": 200,
        # replication as a careful DBA sets it
        "log-bin": "bin",
        "relay-log": "relay",
        "relay-log-recovery": "ON",
        "log-replica-updates": "ON",
        "binlog-row-image": "FULL",
        "binlog-expire-logs-seconds": 86400,
        "gtid-mode": "ON",
        "enforce-gtid-consistency": "ON",
        "replica-parallel-workers": 4,
        "replica-preserve-commit-order": "ON",
        "replica-net-timeout": 10,
        "sync-binlog": 0,
        "innodb-flush-log-at-trx-commit": 2,
        "plugin-load-add": "mysql_clone.so",
        # a small footprint: performance_schema has the state of replication, everything else in it is left out
        "mysqlx": 0,
        "innodb-buffer-pool-size": "32M",
        "innodb-redo-log-capacity": "64M",
        "innodb-log-buffer-size": "2M",
        "innodb-read-io-threads": 1,
        "innodb-write-io-threads": 1,
        "innodb-buffer-pool-dump-at-shutdown": "OFF",
        "innodb-buffer-pool-load-at-startup": "OFF",
        "temptable-max-ram": "2M",
        "key-buffer-size": "1M",
        "table-open-cache": 400,
        "table-definition-cache": 400,
        "performance-schema-max-thread-instances": 300,
        "performance-schema-max-metadata-locks": 1000,
        "performance-schema-max-file-instances": 400,
        "performance-schema-max-table-instances": 400,
        "performance-schema-max-table-handles": 400,
        "performance-schema-accounts-size": 10,
        "performance-schema-hosts-size": 10,
        "performance-schema-users-size": 10,
        **{f"performance-schema-{what}": 0 for what in (
            "digests-size", "error-size", "max-digest-length", "max-memory-classes", "max-mutex-instances",
            "max-rwlock-instances", "max-cond-instances", "max-index-stat", "max-table-lock-stat", "max-program-instances")},
        **{f"performance-schema-events-{what}-{size}-size": 0
           for what in ("statements", "waits", "stages", "transactions") for size in ("history", "history-long")},
    }
    small_options = {"innodb-redo-log-capacity": "8M", "innodb-buffer-pool-size": "24M"}
    bulk_options = {
        "log-bin": None,
        "event-scheduler": "OFF",
        "innodb-doublewrite": "OFF",
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-flush-method": "nosync",
        "innodb-redo-log-capacity": "32M",
    }

    def environment(self):
        return {"MYSQLD_PARENT_PID": str(os.getpid())}  # it believes that it is supervised when this is its parent

    def places(self, server):
        return {**self._basedir(), "secure-file-priv": server.folder}

    def complete(self, options):
        """Its binary log is on unless it is told otherwise."""
        return options if options["log-bin"] else {**options, "skip-log-bin": True, "log-replica-updates": None}

    def follow(self, server, source, account, channel):
        where = f" FOR CHANNEL '{channel}'"
        server.query(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST=%s, SOURCE_PORT=%s, SOURCE_USER=%s, SOURCE_PASSWORD=%s,"
            " SOURCE_SSL=1, SOURCE_SSL_CA=%s, SOURCE_SSL_VERIFY_SERVER_CERT=1, SOURCE_AUTO_POSITION=1,"
            f" SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=86400{where}; START REPLICA{where}",
            (source.address, source.port, account.user, account.password, str(server.tls.ca)))

    def links(self, server):
        return [Link(name=row["Channel_Name"], source=(row["Source_Host"], int(row["Source_Port"])),
                     io=row["Replica_IO_Running"], sql=row["Replica_SQL_Running"],
                     error=" ".join(filter(None, (row["Last_IO_Error"], row["Last_SQL_Error"],
                                                  self._workers_error(server, row["Channel_Name"])))),
                     is_verified=row["Source_SSL_Allowed"] == row["Source_SSL_Verify_Server_Cert"] == "Yes")
                for row in server.query("SHOW REPLICA STATUS")]

    def _workers_error(self, server, channel):
        """The channel's status only says that a worker failed."""
        rows = server.query("SELECT LAST_ERROR_MESSAGE AS text FROM performance_schema.replication_applier_status_by_worker"
                            " WHERE CHANNEL_NAME = %s AND LAST_ERROR_NUMBER <> 0", (channel,))
        return " ".join(row["text"] for row in rows)

    def position(self, server):
        return server.value("SELECT @@GLOBAL.gtid_executed").replace("\n", "")

    def has_applied(self, server, position, deadline_s):
        return server.value("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", (position, deadline_s)) == 0

    def forget(self, server):
        server.query("STOP REPLICA; RESET REPLICA ALL; RESET BINARY LOGS AND GTIDS")

    def prepare_stop(self, server):
        """A server that has replicas waits 8 s for its other sessions to end, and the scheduler's does not."""
        with server.connect(connect_timeout=2, read_timeout=2) as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL event_scheduler = OFF")

    def forget_identity(self, datadir):
        (datadir / "auto.cnf").unlink()  # the server's UUID

    def _basedir(self):
        """It is not where it was built for."""
        share = self.folder / "usr/share/mysql"
        return {"basedir": self.folder / "usr", "plugin-dir": self.folder / "usr/lib/mysql/plugin",
                "lc-messages-dir": share, "character-sets-dir": share / "charsets"}

    def _bootstrap(self, datadir):
        options = [f"--{name}={value}" for name, value in self._basedir().items()]
        run([*self.argv(self.program), "--no-defaults", "--initialize-insecure", *as_root(), *options,
             f"--datadir={datadir}", "--secure-file-priv=", "--innodb-redo-log-capacity=8M", "--innodb-doublewrite=OFF",
             "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"])
        self.forget_identity(datadir)
