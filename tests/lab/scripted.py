# SPDX-License-Identifier: MIT
"""A server of any supported flavour and version that is only a script: it speaks the protocol, knows what that version's
manual says, and holds no data.

    with Scripted(VERSIONS["mysql-8.0.21"], address, accounts) as server:
        server.channels.append(Channel("cutover_forward", host="10.0.0.1"))
        ...
        assert "START SLAVE FOR CHANNEL 'cutover_forward'" in server.statements

A statement that this version would not understand is refused with the version's own error, so that the wrong variant
fails. What it understands is answered from `script` (patterns first), from the state below, or with OK. There is
no database: a SELECT from anybody's own tables is error 1049 unless the script answers it.
State: variables, channels and rows of system tables; SET, CHANGE, START, STOP and RESET change it.
"""

import contextlib
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field

from . import ports
from .dialects import history
from .dialects.statements import Refusal, find_form, tokens
from .dialects.versions import fits, mysql
from .scripted_gtid import GtidSet
from .scripted_select import NOT_SCRIPTED, Catalog, Refused, refuse, unquoted
from .scripted_wire import COM_INIT_DB, COM_PING, COM_QUERY, COM_QUIT, COM_RESET, Disconnected, Wire

UUID = {"old": "11111111-1111-1111-1111-111111111111", "new": "22222222-2222-2222-2222-222222222222"}


@dataclass
class Channel:
    """One replication channel as its server sees it, whatever this version calls the columns."""

    name: str = ""
    host: str = ""
    port: int = 3306
    user: str = "repl"
    io: str = "Yes"          # Yes, No, Connecting
    sql: str = "Yes"
    io_errno: int = 0
    io_error: str = ""
    sql_errno: int = 0
    sql_error: str = ""
    worker_error: str = ""   # MySQL: what SHOW hides behind "Coordinator stopped because ..."
    behind: int | None = 0
    received: str = ""
    source_uuid: str = ""
    ignored_domains: str = ""
    uses_tls: bool = True
    auto_position: bool = True
    options: dict = field(default_factory=dict)  # of the CHANGE that made it
    worker: dict = field(default_factory=dict)   # MySQL: further columns of its row in ..._status_by_worker


def _bare(variable):
    """@@global.read_only -> read_only"""
    return variable.lower().split(".")[-1].strip("@")


_SWITCHES = ("read_only", "super_read_only", "log_bin", "log_slave_updates", "log_replica_updates", "offline_mode",
             "autocommit", "sql_log_bin", "performance_schema", "gtid_strict_mode", "binlog_transaction_compression")


def _shown(name, value):
    """What @@name calls 1, SHOW calls ON."""
    return ("ON" if value else "OFF") if name in _SWITCHES else str(value)


_STATE = {"Yes": "ON", "No": "OFF", "Connecting": "CONNECTING"}

_VARIABLES = {
    "server_id": 1, "read_only": 0, "log_bin": 1, "log_slave_updates": 1, "log_replica_updates": 1,
    "binlog_format": "ROW", "binlog_row_image": "FULL", "event_scheduler": "ON", "auto_increment_increment": 1,
    "auto_increment_offset": 1, "sql_mode": "STRICT_TRANS_TABLES", "collation_server": "utf8mb4_general_ci",
    "character_set_server": "utf8mb4", "time_zone": "SYSTEM", "system_time_zone": "UTC", "lower_case_table_names": 0,
    "lock_wait_timeout": 31536000, "innodb_lock_wait_timeout": 50, "wait_timeout": 28800, "port": 3306,
    "hostname": "scripted", "performance_schema": 1, "autocommit": 1, "sql_log_bin": 1,
    "gtid_mode": "ON", "enforce_gtid_consistency": "ON", "gtid_executed": "", "gtid_purged": "", "gtid_next": "AUTOMATIC",
    "super_read_only": 0, "offline_mode": 0, "binlog_transaction_compression": 0, "binlog_row_value_options": "",
    "binlog_row_metadata": "MINIMAL", "replica_parallel_workers": 4, "slave_parallel_workers": 0,
    "gtid_domain_id": 1, "gtid_strict_mode": 1, "gtid_binlog_pos": "", "gtid_binlog_state": "", "gtid_slave_pos": "",
    "gtid_current_pos": "", "max_statement_time": 0, "max_execution_time": 0, "max_allowed_packet": 67108864,
    "default_authentication_plugin": "mysql_native_password", "authentication_policy": "*,,",
}


class Scripted:
    """Owns: a listening socket, a thread for each connection, the tables of its version.

    accounts  {user: password}
    script    [(pattern, answer)]: the first pattern found in the statement answers it. An answer is a Refusal, None for OK,
              or (names of the columns, rows).
    rows      {"schema.table": [{column: value}]} of system tables
    """

    def __init__(self, version, address="127.0.0.1", accounts=None, tls=None, port=None):
        self.version = version
        self.address = address
        self.port = port or ports.free_port((address,), preferred=3306)
        self.accounts = accounts or {"root": ""}
        self.script = []
        self.channels = []
        self.rows = {}
        self.persisted = {}
        self.statements = []
        self.refusals = []  # (number, text of the error, statement)
        self.variables = {name: value for name, value in _VARIABLES.items() if history.has_variable(version, name)}
        self.variables |= {"version": version.text, "version_comment": version.comment}
        self.assigned = set()  # the variables that a statement has set; the others are as they were compiled
        if version.flavour == "mysql":
            self.variables["server_uuid"] = UUID["old"]
        self._context = tls and _tls_context(tls)
        self._lock = threading.Lock()  # the state is one
        self._catalog = Catalog(version, {
            "VERSION": (0, lambda: version.text),
            "CONNECTION_ID": (0, lambda: 1),
            "ICU_VERSION": (0, lambda: "69.1"),
            "USER": (0, lambda: f"{self._user}@localhost"),
            "CURRENT_USER": (0, lambda: f"{self._user}@localhost"),
            "current_user_": (0, lambda: f"{self._user}@localhost"),
            "database_": (0, lambda: None),
            "GET_LOCK": (2, lambda _name, _wait: 1),
            "IS_USED_LOCK": (1, lambda _name: None),
            "IS_FREE_LOCK": (1, lambda _name: 1),
            "RELEASE_LOCK": (1, lambda _name: 1),
            "SLEEP": (1, lambda _seconds: 0),
            "WAIT_FOR_EXECUTED_GTID_SET": (-1, self._wait_executed),
            "MASTER_GTID_WAIT": (-1, lambda *_: 0),
            "BINLOG_GTID_POS": (2, lambda *_: None),  # NULL: no such file
        })
        self._user = "root"  # who asks
        self._connections = set()
        self._listener = None

    def __enter__(self):
        self._listener = socket.create_server((self.address, self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._catalog.close()

    def __str__(self):
        return f"{self.version.name} at {self.address}:{self.port}"

    def said(self, pattern):
        """The statements in which the pattern is found."""
        return [sql for sql in self.statements if re.search(pattern, sql)]

    # --- connections

    def _accept(self):
        thread_id = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread_id += 1
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection, thread_id), daemon=True).start()

    def _serve(self, connection, thread_id):
        wire = Wire(connection, self._context)
        with contextlib.suppress(Disconnected, OSError, ssl.SSLError):
            user = wire.log_in(self.version, thread_id, self.accounts)
            while True:
                number, body = wire.command()
                if number == COM_QUIT:
                    break
                if number == COM_QUERY:
                    self._send(wire, self.answer(body.decode(), user))
                elif number in (COM_PING, COM_INIT_DB, COM_RESET):
                    wire.ok()
                else:
                    wire.error(1047, "Unknown command", "08S01")
        self._connections.discard(connection)
        with contextlib.suppress(OSError):
            connection.close()

    @staticmethod
    def _send(wire, answer):
        if isinstance(answer, Refusal):
            wire.error(answer.number, answer.text, "42000" if answer.number == 1064 else "HY000")
        elif answer is None:
            wire.ok()
        else:
            wire.rows(*answer)

    # --- statements

    def answer(self, sql, user="root"):
        """(names, rows), None for OK, or a Refusal. Every statement is remembered."""
        with self._lock:
            self._user = user
            self.statements.append(sql)
            try:
                answer = self._run(sql)
            except Refused as refused:
                answer = refused.refusal
            if isinstance(answer, Refusal):
                self.refusals.append((answer.number, answer.text, sql))
            return answer

    def judge(self, sql):
        """0 when this version understands the statement, else the number of its error. The state stays as it is."""
        form = find_form(self.version, sql)
        if isinstance(form, Refusal):
            return form.number
        try:
            if form.run in ("select", "do"):
                self._select(re.sub(r"^\s*DO\b", "SELECT", sql, flags=re.IGNORECASE))
            elif form.run == "set":
                self._assignments(sql)
        except Refused as refused:
            return refused.refusal.number
        return 0

    def _run(self, sql):
        form = find_form(self.version, sql)
        if isinstance(form, Refusal):
            return form
        is_select = form.run in ("select", "do")
        found = self._select(re.sub(r"^\s*DO\b", "SELECT", sql, flags=re.IGNORECASE)) if is_select else None
        for pattern, answer in self.script:  # after the version had its say: a script cannot make it understand more
            if re.search(pattern, sql):
                return answer(sql) if callable(answer) else answer
        if form.run == "select":
            return found or Refusal(1049, "Unknown database: a scripted server holds nobody's data")
        return getattr(self, f"_run_{form.run}")(sql)

    def _select(self, sql):
        return self._catalog.select(sql, self._variable, self._system_rows())

    def _variable(self, name):
        return self.variables.get(name, "")

    @staticmethod
    def _run_nothing(_sql):
        return None

    @staticmethod
    def _run_do(_sql):
        return None

    # --- SET

    def _assignments(self, sql):
        """[(scope, variable, tokens of its value)]. Raises Refused for a variable that this version does not have."""
        found, parts, depth = [], [[]], 0
        for token in [token for token in tokens(sql) if token.text != ";"][1:]:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == "," and depth == 0:
                parts.append([])
            else:
                parts[-1].append(token)
        scope = "SESSION"
        for part in parts:
            scope = part[0].upper if part[0].upper in ("GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY") else scope
            words = part[1:] if part[0].upper == scope else part
            if words[0].upper in ("NAMES", "CHARACTER") or words[0].kind == "user":
                continue
            own_scope, _, name = words[0].text.lower().removeprefix("@@").rpartition(".")
            if not history.has_variable(self.version, name):
                refuse(1193, f"Unknown system variable '{name}'")
            for token in words[2:]:
                if token.kind == "variable" and not history.has_variable(self.version, _bare(token.text)):
                    refuse(1193, f"Unknown system variable '{token.text}'")
            found.append((own_scope.upper() or scope, name, words[2:]))
        return found

    def _run_set(self, sql):
        for scope, name, words in self._assignments(sql):
            value = self._value(words)
            if scope in ("PERSIST", "PERSIST_ONLY"):
                self.persisted[name] = value
            if scope in ("GLOBAL", "PERSIST"):
                self._set(name, value)

    def _value(self, words):
        if len(words) == 1:
            word = words[0]
            if word.kind == "string":
                return unquoted(word.text)
            if word.kind == "number":
                return int(word.text) if word.text.isdigit() else float(word.text)
            if word.kind == "variable":
                return self._variable(_bare(word.text))
            return {"ON": 1, "OFF": 0, "TRUE": 1, "FALSE": 0}.get(word.upper, word.text)
        return " ".join(word.text for word in words)

    def _set(self, name, value):
        """refman-8.0 server-system-variables.html, super_read_only: each of the two moves the other; gtid_purged."""
        if name == "gtid_purged" and self.variables["gtid_executed"]:
            if not fits(mysql("8.0.1"), self.version):
                refuse(1840, "@@GLOBAL.GTID_PURGED can only be set when @@GLOBAL.GTID_EXECUTED is empty.")
            if not str(value).startswith("+") and not GtidSet(self.variables["gtid_purged"]).is_in(GtidSet(str(value))):
                refuse(3546, "@@GLOBAL.GTID_PURGED cannot be changed: the new value must be a superset of the old value")
        self.variables[name] = value
        self.assigned.add(name)
        if name == "super_read_only" and value:
            self.variables["read_only"] = 1
        if name == "read_only" and not value and "super_read_only" in self.variables:
            self.variables["super_read_only"] = 0
        if name == "gtid_purged":
            self.variables["gtid_executed"] = str(value).lstrip("+")

    def _run_reset_persist(self, sql):
        words = [token.text for token in tokens(sql) if token.kind in ("word", "name")]
        if len(words) == 2:
            self.persisted.clear()
            return
        name = words[-1].strip("`").lower()
        if name not in self.persisted and "EXISTS" not in sql.upper():
            refuse(3615, f"Variable {name} does not exist in persisted config file")
        self.persisted.pop(name, None)

    # --- channels

    def _named(self, sql):
        """The name of the channel that a statement speaks of; "" is the default one, None says it does not speak of any."""
        said = tokens(sql)
        for at, token in enumerate(said):
            before = [earlier.upper for earlier in said[max(0, at - 2):at]]
            if token.kind == "string" and before == ["FOR", "CHANNEL"]:
                return unquoted(token.text)
            if token.kind == "string" and at == 2 and self.version.flavour == "mariadb":  # START SLAVE 'c'
                return unquoted(token.text)
        return None

    def _channel(self, name):
        for channel in self.channels:
            if channel.name == (name or ""):
                return channel
        if self.version.flavour == "mariadb":
            return refuse(1617, f"There is no master connection '{name or ''}'")
        return refuse(3074, f"Replica channel '{name or ''}' does not exist.")

    def _run_change_source(self, sql):
        name = self._named(sql) or ""
        channel = next((channel for channel in self.channels if channel.name == name), None)
        if channel is not None and "No" not in (channel.io, channel.sql):
            refuse(1198 if self.version.flavour == "mariadb" else 3081,
                   f"This operation cannot be performed with running replication threads; stop the channel '{name}' first")
        if channel is None:
            channel = Channel(name, io="No", sql="No", behind=None)
            self.channels.append(channel)
        said = [token for token in tokens(sql) if token.text != ";"]
        for at, token in enumerate(said[:-2]):
            if token.kind == "word" and said[at + 1].text == "=":
                is_list = said[at + 2].text == "("
                channel.options[token.upper] = ([number.text for number in said[at + 3:] if number.kind == "number"] if is_list
                                                else self._value([said[at + 2]]))
        options = {re.sub(r"^(?:MASTER|SOURCE)_", "", option): value for option, value in channel.options.items()}
        channel.host, channel.port = options.get("HOST", channel.host), options.get("PORT", channel.port)
        channel.user = options.get("USER", channel.user)
        channel.uses_tls = bool(options.get("SSL", channel.uses_tls))
        channel.auto_position = bool(options.get("AUTO_POSITION", options.get("USE_GTID", 0)))
        channel.ignored_domains = ", ".join(options.get("IGNORE_DOMAIN_IDS", []))

    def _run_start_stop(self, sql):
        channel = self._channel(self._named(sql))
        state = "Yes" if sql.strip().upper().startswith("START") else "No"
        parts = [part for part in ("IO_THREAD", "SQL_THREAD") if part in sql.upper()] or ["IO_THREAD", "SQL_THREAD"]
        if "IO_THREAD" in parts and not (state == "Yes" and channel.io_errno):
            channel.io = state
        if "SQL_THREAD" in parts and not (state == "Yes" and channel.sql_errno):
            channel.sql = state
        channel.behind = 0 if state == "Yes" else None

    def _run_reset_replica(self, sql):
        channel = self._channel(self._named(sql))
        if re.search(r"\bALL\b", sql, re.IGNORECASE):
            self.channels.remove(channel)

    def _run_reset_logs(self, _sql):
        for name in ("gtid_executed", "gtid_purged", "gtid_binlog_pos", "gtid_binlog_state"):
            if name in self.variables:
                self.variables[name] = ""

    def _wait_executed(self, want, *_):
        return 0 if GtidSet(want).is_in(GtidSet(self.variables["gtid_executed"])) else 1

    # --- events

    def _run_alter_event(self, sql):
        """events.html: what is disabled on a replica has a word of its own since MySQL 8.2."""
        said = [token for token in tokens(sql) if token.text != ";"]
        name = said[next(at for at, token in enumerate(said) if token.upper in ("ENABLE", "DISABLE")) - 1].text.strip("`")
        state = " ".join(token.upper for token in said[-3:])
        is_new = fits(mysql("8.2"), self.version)
        status = ("REPLICA_SIDE_DISABLED" if is_new else "SLAVESIDE_DISABLED") if " ON " in state else f"{said[-1].upper}D"
        for event in self.rows.get("information_schema.EVENTS", []):
            if event["EVENT_NAME"] == name:
                event["STATUS"] = status

    # --- SHOW

    def _run_show_status(self, sql):
        is_old = self.version.flavour == "mariadb" or re.search(r"\bSLAVES?\b", sql, re.IGNORECASE) is not None
        names = history.status_columns(self.version, is_old)
        if self.version.flavour == "mariadb" and not re.search(r"\bALL\b", sql, re.IGNORECASE):
            names = [name for name in names if name in self.version.recorded["shows"]["SHOW SLAVE STATUS"]]
        wanted = self._named(sql)
        if wanted is not None or (self.version.flavour == "mariadb" and "ALL" not in sql.upper()):
            channels = [self._channel(wanted)] if wanted is not None or self.channels else []
        else:
            channels = self.channels
        return names, [[self._status(channel, is_old).get(name, "") for name in names] for channel in channels]

    def _status(self, channel, is_old):
        new = {
            "Source_Host": channel.host, "Source_User": channel.user, "Source_Port": channel.port, "Connect_Retry": 1,
            "Replica_IO_State": "Waiting for source to send event" if channel.io == "Yes" else "",
            "Replica_IO_Running": channel.io, "Replica_SQL_Running": channel.sql,
            "Last_Errno": channel.sql_errno, "Last_Error": channel.sql_error, "Last_IO_Errno": channel.io_errno,
            "Last_IO_Error": channel.io_error, "Last_SQL_Errno": channel.sql_errno, "Last_SQL_Error": channel.sql_error,
            "Seconds_Behind_Source": channel.behind, "Retrieved_Gtid_Set": channel.received,
            "Executed_Gtid_Set": self.variables.get("gtid_executed", ""), "Auto_Position": int(channel.auto_position),
            "Channel_Name": channel.name, "Source_UUID": channel.source_uuid, "SQL_Remaining_Delay": None,
            "Source_SSL_Allowed": "Yes" if channel.uses_tls else "No",
        }
        if self.version.flavour == "mariadb":
            new |= {"Connection_name": channel.name, "Gtid_IO_Pos": channel.received,
                    "Using_Gtid": "Slave_Pos" if channel.auto_position else "No",
                    "Replicate_Ignore_Domain_Ids": channel.ignored_domains,
                    "Gtid_Slave_Pos": self.variables["gtid_slave_pos"]}
        return {history.old_name(name): value for name, value in new.items()} if is_old else new

    def _run_show_logs(self, _sql):
        row = ["bin.000001", 157, "", "", self.variables.get("gtid_executed", "")]
        names = ["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB", "Executed_Gtid_Set"]
        count = 5 if self.version.flavour == "mysql" else 4
        return names[:count], [row[:count]]

    def _run_show(self, sql):
        """Anything else that is shown: the columns, and no row."""
        said = " ".join(token.text.upper() for token in tokens(sql) if token.text != ";")
        if self.version.flavour == "mysql" and said in ("SHOW SLAVE HOSTS", "SHOW REPLICAS"):
            return history.hosts_columns(said == "SHOW SLAVE HOSTS"), []
        if re.match(r"SHOW (?:GLOBAL |SESSION )?VARIABLES", said):
            return ["Variable_name", "Value"], self._shown_variables(sql)
        if re.match(r"SHOW (?:GLOBAL |SESSION )?STATUS", said):
            return ["Variable_name", "Value"], []
        if said.startswith("SHOW BINLOG EVENTS"):
            return ["Log_name", "Pos", "Event_type", "Server_id", "End_log_pos", "Info"], []
        said = "SHOW BINARY LOGS" if said == "SHOW MASTER LOGS" else said
        for statement, names in self.version.recorded["shows"].items():
            if isinstance(names, list) and said.startswith(statement.split(" LIKE")[0].upper()):
                return names, []
        return Refusal(NOT_SCRIPTED, f"not scripted: {sql}")

    def _shown_variables(self, sql):
        """As SHOW VARIABLES LIKE and performance_schema have them: switches are ON and OFF."""
        pattern = next((unquoted(token.text) for token in tokens(sql) if token.kind == "string"), "%")
        wanted = re.compile(re.escape(pattern).replace("%", ".*").replace("_", "."), re.IGNORECASE)
        return [[name, _shown(name, value)] for name, value in sorted(self.variables.items()) if wanted.fullmatch(name)]

    # --- system tables

    def _system_rows(self):
        session = {"ID": 1, "USER": self._user, "HOST": "localhost", "DB": None, "COMMAND": "Query", "TIME": 0, "STATE": "",
                   "INFO": "SELECT", "TIME_MS": 0, "QUERY_ID": 1}
        rows = {
            "information_schema.PROCESSLIST": [session],
            "information_schema.INNODB_TRX": [{
                "trx_id": 1, "trx_state": "RUNNING", "trx_started": "2026-01-01 00:00:00", "trx_mysql_thread_id": 1,
                "trx_rows_locked": 0, "trx_rows_modified": 0}],
            "performance_schema.processlist": [session],
            "performance_schema.threads": [{
                "THREAD_ID": 1, "NAME": "thread/sql/one_connection", "TYPE": "FOREGROUND",
                **{f"PROCESSLIST_{name}": value for name, value in session.items()}}],
            "performance_schema.replication_connection_configuration": [{
                "CHANNEL_NAME": c.name, "HOST": c.host, "PORT": c.port, "USER": c.user,
                "AUTO_POSITION": str(int(c.auto_position)), "SSL_ALLOWED": "YES" if c.uses_tls else "NO",
                "CONNECTION_RETRY_INTERVAL": 1, "HEARTBEAT_INTERVAL": 2.0} for c in self.channels],
            "performance_schema.replication_connection_status": [{
                "CHANNEL_NAME": c.name, "GROUP_NAME": "", "SOURCE_UUID": c.source_uuid, "SERVICE_STATE": _STATE[c.io],
                "RECEIVED_TRANSACTION_SET": c.received, "LAST_ERROR_NUMBER": c.io_errno,
                "LAST_ERROR_MESSAGE": c.io_error} for c in self.channels],
            "performance_schema.replication_applier_configuration": [
                {"CHANNEL_NAME": c.name, "DESIRED_DELAY": 0} for c in self.channels],
            "performance_schema.replication_applier_status": [
                {"CHANNEL_NAME": c.name, "SERVICE_STATE": _STATE[c.sql], "COUNT_TRANSACTIONS_RETRIES": 0} for c in self.channels],
            "performance_schema.replication_applier_status_by_coordinator": [
                {"CHANNEL_NAME": c.name, "SERVICE_STATE": _STATE[c.sql], "LAST_ERROR_NUMBER": c.sql_errno,
                 "LAST_ERROR_MESSAGE": c.sql_error} for c in self.channels],
            "performance_schema.replication_applier_status_by_worker": [
                {"CHANNEL_NAME": c.name, "WORKER_ID": 1, "SERVICE_STATE": _STATE[c.sql], "LAST_ERROR_NUMBER": c.sql_errno,
                 "LAST_ERROR_MESSAGE": c.worker_error or c.sql_error, "LAST_APPLIED_TRANSACTION": "",
                 "APPLYING_TRANSACTION": "", "LAST_SEEN_TRANSACTION": "", **c.worker} for c in self.channels],
            "performance_schema.global_status": [
                {"VARIABLE_NAME": "Performance_schema_thread_instances_lost", "VARIABLE_VALUE": 0}],
            "performance_schema.persisted_variables": [
                {"VARIABLE_NAME": name, "VARIABLE_VALUE": _shown(name, value)} for name, value in self.persisted.items()],
            "performance_schema.variables_info": [
                {"VARIABLE_NAME": name, "VARIABLE_SOURCE": "DYNAMIC" if name in self.assigned else "COMPILED",
                 "VARIABLE_PATH": ""} for name in sorted(self.variables)],
            "information_schema.SYSTEM_VARIABLES": [
                {"VARIABLE_NAME": name.upper(), "GLOBAL_VALUE": _shown(name, value),
                 "GLOBAL_VALUE_ORIGIN": "SQL" if name in self.assigned else "COMPILE-TIME"}
                for name, value in sorted(self.variables.items())],
            **{f"performance_schema.{scope}_variables": [
                {"VARIABLE_NAME": name, "VARIABLE_VALUE": value} for name, value in self._shown_variables("")]
               for scope in ("global", "session")},
        }
        return {**rows, **self.rows}


def _tls_context(tls):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.cert, tls.key)
    return context
