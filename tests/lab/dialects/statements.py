# SPDX-License-Identifier: MIT
"""Which statements a server's parser takes, and which are a syntax error (1064) to it.

A statement is held against its *shape*: keywords in capitals, 'S' for a string, N for a number, `I` for a quoted name,
each separated by one blank. Sources: the syntax pages of refman-5.7, -8.0, -8.4, -9.x (dev.mysql.com/doc/refman/X/en/)
and of mariadb.com/kb; what was measured on 10.5, 10.11, 11.8 and 9.7 is marked (run).
"""

import re
from dataclasses import dataclass
from functools import cache

from .versions import EVERYWHERE, NOWHERE, fits, mariadb, mysql

_TOKEN = re.compile(r"""
    (?P<space>\s+|/\*.*?\*/|--[ ].*?(?:\n|$)|\#.*?(?:\n|$))
  | (?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
  | (?P<name>`(?:[^`]|``)+`)
  | (?P<variable>@@(?:(?:global|session|local|persist|persist_only)\s*\.\s*)?[a-z_0-9$]+)
  | (?P<user>@(?:`[^`]+`|'[^']*'|[a-z_0-9.$]+)?)
  | (?P<number>0x[0-9a-f]+|x'[0-9a-f]*'|\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![a-z_$]))
  | (?P<word>[a-z_$0-9]+)
  | (?P<sign><=>|->>|->|<<|>>|<=|>=|<>|!=|:=|\|\||&&|.)
""", re.VERBOSE | re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def upper(self):
        return self.text.upper() if self.kind == "word" else ""

    @property
    def shape(self):
        return {"string": "'S'", "name": "`I`", "number": "N", "user": "@U"}.get(
            self.kind, self.text.upper() if self.kind == "word" else self.text.lower())


def tokens(sql):
    return [Token(found.lastgroup, found.group(), found.start()) for found in _TOKEN.finditer(sql)
            if found.lastgroup != "space"]


def shape(found):
    return " ".join(token.shape for token in found)


@dataclass(frozen=True)
class Form:
    """A form of statements, the servers that have it, and which method of the scripted server runs it."""

    pattern: str
    spans: tuple = EVERYWHERE
    run: str = "nothing"


_MACROS = {
    "<id>": r"(?:`I`|[A-Z_0-9$]+)",
    "<table>": r"(?:`I`|[A-Z_0-9$]+)(?: \. (?:`I`|[A-Z_0-9$]+))?",
    "<account>": r"(?:'S'|`I`|[A-Z_0-9$]+)(?: @U| @U 'S')?",
    "<for channel>": r"(?: FOR CHANNEL 'S')?",
    "<threads>": r"(?: (?:IO|SQL)_THREAD(?: , (?:IO|SQL)_THREAD)?)?",
}
_CHANGE_OPTION = r"[A-Z_]+ = (?:'S'|N|`I`|@U|[A-Z_]+|\( (?:N(?: , N)*)? ?\))"
_CHANGE_OPTIONS = rf"{_CHANGE_OPTION}(?: , {_CHANGE_OPTION})*"

FORMS = (
    Form(r"(?:\( )*SELECT .*", run="select"),
    Form(r"WITH .*", mysql("8.0.1") + mariadb(), run="select"),  # refman-8.0 with.html; 5.7: 1064
    Form(r"DO .*", run="do"),
    Form(r"SET STATEMENT .*", mariadb()),
    Form(r"SET (?:SESSION |GLOBAL )?TRANSACTION (?:ISOLATION LEVEL (?:REPEATABLE READ|READ COMMITTED|READ UNCOMMITTED"
         r"|SERIALIZABLE)|READ ONLY|READ WRITE)"),
    Form(r"SET (?:PERSIST|PERSIST_ONLY) .*", mysql("8.0.1"), run="set"),  # refman-8.0 set-variable.html
    Form(r"SET .*@@persist(?:_only)? ?\. ?.*", mysql("8.0.1"), run="set"),
    Form(r"SET (?!PERSIST|STATEMENT)(?!.* PERSIST(?:_ONLY)? [A-Z_]+ =)(?!.*@@persist).*", run="set"),
    Form(r"SET (?:NAMES|GLOBAL|SESSION) .* PERSIST(?:_ONLY)? [A-Z_]+ = .*", mysql("8.0.1"), run="set"),
    Form(r"RESET PERSIST(?: (?:IF EXISTS )?<id>)?", mysql("8.0.1"), run="reset_persist"),  # reset-persist.html
    Form(r"(?:BEGIN|COMMIT|ROLLBACK)(?: WORK)?"),
    Form(r"START TRANSACTION(?: (?:WITH CONSISTENT SNAPSHOT|READ ONLY|READ WRITE|,))*"),
    Form(r"XA (?:START|END|PREPARE|COMMIT|ROLLBACK) .*"),
    Form(r"XA RECOVER", run="show"),
    Form(r"XA RECOVER CONVERT XID", mysql("5.7.5"), run="show"),
    Form(r"(?:INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|CALL) .*"),
    Form(r"(?:CREATE|DROP|ALTER) (?:OR REPLACE )?(?:DATABASE|SCHEMA|TABLE|TEMPORARY TABLE|VIEW|USER|ROLE) .*"),
    Form(r"(?:GRANT|REVOKE|RENAME USER) .*"),
    Form(r"USE <id>"),
    Form(r"ALTER (?:DEFINER = <account> )?EVENT <table> (?:ENABLE|DISABLE)", run="alter_event"),
    # deprecated in 8.2, 9.7 still takes it (run)
    Form(r"ALTER (?:DEFINER = <account> )?EVENT <table> DISABLE ON SLAVE", run="alter_event"),
    Form(r"ALTER (?:DEFINER = <account> )?EVENT <table> DISABLE ON REPLICA", mysql("8.2") + mariadb(), run="alter_event"),
    Form(r"KILL (?:CONNECTION |QUERY )?N"),
    Form(r"KILL (?:SOFT|HARD) .*", mariadb()),
    Form(r"FLUSH (?:NO_WRITE_TO_BINLOG |LOCAL )?(?:PRIVILEGES|TABLES|BINARY LOGS|LOGS|STATUS)"),
    Form(r"FLUSH (?:NO_WRITE_TO_BINLOG |LOCAL )?TABLES (?:WITH READ LOCK|<table>.*)"),
    Form(r"CHECKSUM TABLE <table>(?: QUICK| EXTENDED)?"),
    Form(r"LOCK TABLES? .*|UNLOCK TABLES?"),
    Form(r"(?:LOCK INSTANCE FOR BACKUP|UNLOCK INSTANCE)", mysql("8.0.1")),  # lock-instance-for-backup.html
    Form(r"BACKUP STAGE (?:START|FLUSH|BLOCK_DDL|BLOCK_COMMIT|END)", mariadb()),
    Form(r"(?:INSTALL PLUGIN <id> SONAME 'S'|UNINSTALL PLUGIN <id>)"),
    Form(r"CLONE INSTANCE FROM <account> : N IDENTIFIED BY 'S'(?: DATA DIRECTORY =? ?'S')?(?: REQUIRE (?:NO )?SSL)?",
         mysql("8.0.17")),
    Form(r"PURGE (?:BINARY|MASTER) LOGS .*", mysql(below="8.4") + mariadb()),
    Form(r"PURGE BINARY LOGS .*", mysql("8.4")),
    # --- replication: change-master-to.html, change-replication-source-to.html, start-replica.html, mariadb kb
    Form(rf"CHANGE MASTER TO {_CHANGE_OPTIONS}<for channel>", mysql(below="8.4"), run="change_source"),
    Form(rf"CHANGE REPLICATION SOURCE TO {_CHANGE_OPTIONS}<for channel>", mysql("8.0.23"), run="change_source"),
    Form(rf"CHANGE MASTER(?: 'S')? TO {_CHANGE_OPTIONS}", mariadb(), run="change_source"),
    Form(rf"CHANGE MASTER TO {_CHANGE_OPTIONS} FOR CHANNEL 'S'", mariadb("10.7"), run="change_source"),
    Form(r"(?:START|STOP) SLAVE<threads><for channel>", mysql(below="8.4"), run="start_stop"),
    Form(r"(?:START|STOP) REPLICA<threads><for channel>", mysql("8.0.22"), run="start_stop"),
    Form(r"(?:START|STOP) (?:SLAVE|REPLICA)(?: 'S')?<threads>", mariadb(), run="start_stop"),
    Form(r"(?:START|STOP) (?:SLAVE|REPLICA)<threads> FOR CHANNEL 'S'", mariadb("10.7"), run="start_stop"),
    Form(r"(?:START|STOP) ALL (?:SLAVES|REPLICAS)", mariadb()),
    Form(r"RESET SLAVE(?: ALL)?<for channel>", mysql(below="8.4"), run="reset_replica"),
    Form(r"RESET REPLICA(?: ALL)?<for channel>", mysql("8.0.22"), run="reset_replica"),
    Form(r"RESET (?:SLAVE|REPLICA)(?: 'S')?(?: ALL)?", mariadb(), run="reset_replica"),
    Form(r"RESET (?:SLAVE|REPLICA)(?: ALL)? FOR CHANNEL 'S'", mariadb("10.7"), run="reset_replica"),
    Form(r"RESET MASTER", mysql(below="8.4") + mariadb(), run="reset_logs"),
    Form(r"RESET BINARY LOGS AND GTIDS", mysql("8.2"), run="reset_logs"),  # reset-binary-logs-and-gtids.html
    Form(r"SHOW SLAVE STATUS<for channel>", mysql(below="8.4"), run="show_status"),
    Form(r"SHOW REPLICA STATUS<for channel>", mysql("8.0.22"), run="show_status"),
    Form(r"SHOW (?:SLAVE|REPLICA)(?: 'S')? STATUS", mariadb(), run="show_status"),
    Form(r"SHOW (?:SLAVE|REPLICA) STATUS FOR CHANNEL 'S'", mariadb("10.7"), run="show_status"),
    Form(r"SHOW ALL (?:SLAVES|REPLICAS) STATUS", mariadb(), run="show_status"),
    Form(r"SHOW MASTER STATUS", mysql(below="8.4") + mariadb(), run="show_logs"),
    Form(r"SHOW BINLOG STATUS", mariadb(), run="show_logs"),
    Form(r"SHOW BINARY LOG STATUS", mysql("8.2"), run="show_logs"),  # show-binary-log-status.html
    Form(r"SHOW BINARY LOGS", run="show"),
    Form(r"SHOW BINLOG EVENTS IN 'S' LIMIT N", run="show"),
    Form(r"SHOW MASTER LOGS", mysql(below="8.4") + mariadb(), run="show"),
    Form(r"SHOW SLAVE HOSTS", mysql(below="8.4") + mariadb(), run="show"),
    Form(r"SHOW REPLICA HOSTS", mariadb(), run="show"),
    Form(r"SHOW REPLICAS", mysql("8.0.22"), run="show"),
    # --- everything else that is shown
    Form(r"SHOW (?:FULL )?PROCESSLIST", run="show"),
    Form(r"SHOW (?:GLOBAL |SESSION )?(?:STATUS|VARIABLES)(?: LIKE 'S'| WHERE .*)?", run="show"),
    Form(r"SHOW (?:OPEN TABLES|DATABASES|TABLES|FULL TABLES|PLUGINS|ENGINES|WARNINGS)(?: (?:FROM|LIKE|WHERE) .*)?",
         run="show"),
    Form(r"SHOW PRIVILEGES", run="show"),
    Form(r"SHOW GRANTS(?: FOR <account>)?", run="show"),
    Form(r"SHOW CREATE (?:DATABASE|SCHEMA|TABLE|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT) (?:IF NOT EXISTS )?<table>",
         run="show"),
    Form(r"SHOW CREATE USER <account>", run="show"),
    Form(r"SHOW CREATE PACKAGE(?: BODY)? <table>", mariadb(), run="show"),
)

# Options of CHANGE MASTER and CHANGE REPLICATION SOURCE: {option: versions}. MASTER_x and SOURCE_x share a row of the
# manual; where an option has no such word in it, it is the same in both.
_RENAMED = ("HOST PORT USER PASSWORD BIND CONNECT_RETRY RETRY_COUNT HEARTBEAT_PERIOD DELAY AUTO_POSITION LOG_FILE LOG_POS"
            " SSL SSL_CA SSL_CAPATH SSL_CERT SSL_CRL SSL_CRLPATH SSL_KEY SSL_CIPHER SSL_VERIFY_SERVER_CERT TLS_VERSION").split()
_LATER = {"TLS_CIPHERSUITES": "8.0.19", "PUBLIC_KEY_PATH": "8.0.4", "COMPRESSION_ALGORITHMS": "8.0.18",
          "ZSTD_COMPRESSION_LEVEL": "8.0.18"}
_MARIADB_LACKS = ("AUTO_POSITION", "BIND", "TLS_VERSION", "RETRY_COUNT")
CHANGE_OPTIONS = {
    **{f"MASTER_{name}": mysql() + (NOWHERE if name in _MARIADB_LACKS else mariadb()) for name in _RENAMED},
    **{f"SOURCE_{name}": mysql("8.0.23") for name in _RENAMED},
    **{f"MASTER_{name}": mysql(first) for name, first in _LATER.items()},
    **{f"SOURCE_{name}": mysql("8.0.23") for name in _LATER},
    "MASTER_RETRY_COUNT": mysql() + mariadb("12.0"),
    "MASTER_DELAY": EVERYWHERE,
    "MASTER_USE_GTID": mariadb(),
    "MASTER_DEMOTE_TO_SLAVE": mariadb("10.10"),
    "IGNORE_DOMAIN_IDS": mariadb(),
    "DO_DOMAIN_IDS": mariadb(),
    "IGNORE_SERVER_IDS": EVERYWHERE,
    "RELAY_LOG_FILE": EVERYWHERE,
    "RELAY_LOG_POS": EVERYWHERE,
    "GET_MASTER_PUBLIC_KEY": mysql("8.0.4"),
    "GET_SOURCE_PUBLIC_KEY": mysql("8.0.23"),
    "PRIVILEGE_CHECKS_USER": mysql("8.0.18"),
    "REQUIRE_ROW_FORMAT": mysql("8.0.19"),
    "REQUIRE_TABLE_PRIMARY_KEY_CHECK": mysql("8.0.20"),
    "NETWORK_NAMESPACE": mysql("8.0.22"),
    "SOURCE_CONNECTION_AUTO_FAILOVER": mysql("8.0.22"),
    "ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS": mysql("8.0.23"),
    "GTID_ONLY": mysql("8.0.27"),
}

# Parts of other statements that a version does not have; the pattern is searched in the shape.
_PARTS = (
    (r"\bFOR SHARE\b", mysql("8.0.1")),
    (r"\bSKIP LOCKED\b", mysql("8.0.1") + mariadb("10.6")),
    (r"\b(?:EXCEPT|INTERSECT) (?:ALL |DISTINCT )?(?:\( )?SELECT\b", mysql("8.0.31") + mariadb()),
    (r"\bJSON_TABLE \(", mysql("8.0.4") + mariadb("10.6")),
    (r"\bLATERAL \( SELECT", mysql("8.0.14")),
    (r"\) OVER \(", mysql("8.0.2") + mariadb()),
    (r"\bMEMBER OF \(", mysql("8.0.17")),
    (r"\bRETURNING\b", mariadb()),
)


@cache
def _compiled(pattern):
    for macro, text in _MACROS.items():
        pattern = pattern.replace(macro, text)
    return re.compile(pattern)


@dataclass(frozen=True)
class Refusal:
    """An error as the server would answer it."""

    number: int
    text: str


def syntax_error(server, near):
    flavour = "MariaDB" if server.flavour == "mariadb" else "MySQL"
    return Refusal(1064, f"You have an error in your SQL syntax; check the manual that corresponds to your {flavour} server"
                         f" version for the right syntax to use near '{near[:80]}' at line 1")


def find_form(server, sql):
    """The Form of this statement, or the Refusal of a server whose parser does not know it."""
    found = [token for token in tokens(sql) if token.text != ";"]
    said = shape(found)
    fitting = [form for form in FORMS if _compiled(form.pattern).fullmatch(said)]
    form = next((form for form in fitting if fits(form.spans, server)), None)
    if form is None:
        return syntax_error(server, sql)
    for pattern, spans in _PARTS:
        if not fits(spans, server) and re.search(pattern, said):
            return syntax_error(server, sql)
    if form.run == "change_source":
        for token in found:
            if token.upper in CHANGE_OPTIONS and not fits(CHANGE_OPTIONS[token.upper], server):
                return syntax_error(server, sql[token.start:])
    return form


def is_known_somewhere(sql):
    """Does any version have this form? A statement that none has is a hole of this table, not of a dialect."""
    said = shape([token for token in tokens(sql) if token.text != ";"])
    return any(_compiled(form.pattern).fullmatch(said) for form in FORMS)
