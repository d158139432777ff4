# SPDX-License-Identifier: MIT
"""The right words for every supported server, also for those that no archive here has.

Three layers. The scripted servers (tests/lab/scripted.py) are held against what real ones answered, so that a mistake
of theirs shows. Then every text of the catalog is sent to them: a version must understand all of its own. Then the
program itself talks to them (through cluster_check.c): what goes out, and what it reads from the answers.
"""

import json
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pymysql
import pytest

from tests.integration import programs
from tests.lab import config, kinds, lab, ports, tls
from tests.lab.accounts import Account
from tests.lab.dialects import history
from tests.lab.dialects.record import SHOWS, answer, verdict
from tests.lab.dialects.versions import VERSIONS, Version, fits, mysql
from tests.lab.lab import CACHE, REPOSITORY
from tests.lab.procs import wait_until
from tests.lab.scripted import UUID, Channel, Scripted
from tests.lab.scripted_select import NOT_SCRIPTED
from tests.lab.servers import Absent, Server

RECORDED = [name for name, version in VERSIONS.items() if version.is_recorded]
MYSQL = [name for name, version in VERSIONS.items() if version.flavour == "mysql"]
ACCOUNTS = {"controller": Account("cutover", "controls"), "monitor": Account("cutover_monitor", "watches"),
            "replication": Account("repl", "follows")}
PASSWORDS = {account.user: account.password for account in ACCOUNTS.values()}
NEW_NAMES = "a variable, function or form of statement that is new to the tests goes into tests/lab/dialects"
NO_SUCH_DATABASE = 1049
RUN_TIME_ERRORS = (1139, 3685)  # a regular expression is read when it is used, not when it is parsed

# Parameters that are put in as they are; others become 'x', 1 or `x`.
TEXTS = {"columns": "`id`", "column": "`id`", "order": "`id`", "range": "TRUE", "table": "`blog`.`posts`", "index": "`PRIMARY`",
         "database": "`blog`", "databases": "'blog'", "ours": "'cutover'", "event": "`blog`.`tick`", "seconds": "1",
         "name": "`n`", "names": "`id`", "values": "1"}


def filled(text):
    """A text of the catalog with something for every parameter."""
    kinds_of = {"#": lambda _: "1", "`": lambda _: "`x`", "": lambda _: "'x'", "!": lambda name: TEXTS.get(name, "'x'")}
    sql = re.sub(r":\{(\w+)([#`!]?)\}", lambda found: kinds_of[found[2]](found[1]), text)
    return f"{sql} (1)" if sql.endswith("VALUES") else sql  # seed_insert: the rows are appended


@cache
def program(name):
    return programs.build(name)


def catalog(*arguments):
    done = subprocess.run([program("dialect_check"), *arguments], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module", name="servers")
def one_of_each():
    """{name: Scripted}, not listening: to be asked in the same process."""
    return {name: Scripted(version) for name, version in VERSIONS.items()}


# --- the scripted servers against real ones --------------------------------------------------------------------------

@pytest.mark.parametrize("name", RECORDED)
def test_a_scripted_server_names_the_columns_that_the_real_one_named(name):
    wanted = VERSIONS[name].recorded["shows"]
    with Scripted(VERSIONS[name]) as server, connected(server) as connection:
        assert {statement: answer(connection, statement) for statement in SHOWS} == wanted
        for table, columns in VERSIONS[name].recorded["tables"].items():
            assert answer(connection, f"SELECT * FROM {table} LIMIT 0") == columns, table


@pytest.mark.parametrize("name", RECORDED)
def test_a_scripted_server_understands_and_refuses_what_the_real_one_did(name, servers):
    wanted = VERSIONS[name].recorded["verdicts"]
    assert {statement: servers[name].judge(statement) for statement in wanted} == wanted


@pytest.mark.parametrize("name", RECORDED)
def test_the_tables_of_variables_and_reserved_words_agree_with_the_real_server(name):
    version = VERSIONS[name]
    variables = set(version.recorded["variables"])
    # the recorded server had no plugin loaded
    plugins = {"clone_valid_donor_list", "clone_max_data_bandwidth", "clone_max_network_bandwidth"}
    for variable in history.VARIABLES.keys() - plugins:
        assert history.has_variable(version, variable) == (variable in variables), variable
    assert {word for word in history.RESERVED if history.is_reserved(version, word)} == set(version.recorded["reserved"])


@pytest.mark.parametrize(("text", "recording", "truth"), [
    ("10.5.23-MariaDB", "mariadb-10.11", "mariadb-10.5"), ("10.11.19-MariaDB", "mariadb-11.8", "mariadb-10.11")])
def test_a_derived_server_has_nothing_that_the_real_one_lacks(text, recording, truth):
    derived = history.tables(Version("derived", text, "mariadb", "", recording))
    real = history.tables(VERSIONS[truth])
    lost = {"performance_schema.replication_connection_configuration"}  # MariaDB 10.6 took columns of it away
    for table in derived.keys() - lost:
        assert set(derived[table]) <= set(real.get(table, ())), table


@pytest.fixture(scope="module", name="real")
def real_servers():
    """{name: connection} to this machine's MariaDB, and to MySQL when it is there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    network, folder = ports.Network(), Path(tempfile.mkdtemp(prefix="dialects-", dir=CACHE.parent))
    started, connections = [], {}
    try:
        for host, (name, kind) in enumerate({"mariadb-10.11": "mariadb-10.11", "mysql-9.7": "mysql"}.items(), start=20):
            try:
                found = kinds.find(kind)
            except Absent:
                continue
            server = Server(found, folder / name, name, network.address(host), host, found.empty_template(CACHE))
            started.append(server)
            server.start()
            connections[name] = server.connect(cursorclass=pymysql.cursors.Cursor)
        yield connections
    finally:
        for server in started:
            server.kill9()
        network.release()
        shutil.rmtree(folder, ignore_errors=True)


def test_every_text_of_the_catalog_fares_the_same_on_real_servers_the_wrong_ones_included(servers, real):
    assert "mariadb-10.11" in real
    texts = [filled(line["text"]) for line in catalog("--texts")]
    assert len(texts) > 100
    wrong = []
    for name, connection in real.items():
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS somewhere")  # without one an unknown function is error 1046
            cursor.execute("USE somewhere")
        for sql in texts:
            judged, is_so = servers[name].judge(sql), verdict(connection, sql)
            if judged != is_so and judged not in RUN_TIME_ERRORS and "clone_" not in sql:
                wrong.append((name, judged, is_so, sql))
    assert not wrong, f"scripted and real: {wrong}; {NEW_NAMES}"


# --- what the manuals say of those that are not here -----------------------------------------------------------------

@pytest.mark.parametrize(("names", "statement", "number"), [
    (("mysql-5.7", "mysql-8.0.21"), "SHOW REPLICA STATUS", 1064),
    (("mysql-5.7", "mysql-8.0.21"), "START REPLICA FOR CHANNEL 'c'", 1064),
    (("mysql-5.7", "mysql-8.0.21", "mysql-8.0.22"), "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h' FOR CHANNEL 'c'", 1064),
    (("mysql-5.7", "mysql-8.0.34", "percona-8.0"), "SHOW BINARY LOG STATUS", 1064),
    (("mysql-5.7", "mysql-8.0.34", "percona-8.0"), "RESET BINARY LOGS AND GTIDS", 1064),
    (("mysql-8.4", "percona-8.4"), "SHOW SLAVE STATUS", 1064),
    (("mysql-8.4", "percona-8.4"), "CHANGE MASTER TO MASTER_HOST = 'h'", 1064),
    (("mysql-8.4", "percona-8.4"), "SHOW MASTER STATUS", 1064),
    (("mysql-8.4", "percona-8.4"), "RESET MASTER", 1064),
    (("mysql-8.4", "percona-8.4"), "START SLAVE FOR CHANNEL 'c'", 1064),
    (("mysql-5.7",), "SET PERSIST super_read_only = 1", 1064),
    (("mysql-5.7",), "CHANGE MASTER TO MASTER_HOST = 'h', GET_MASTER_PUBLIC_KEY = 1", 1064),
    (("mysql-5.7",), "WITH x AS (SELECT 1) SELECT * FROM x", 1064),
    (("mysql-5.7",), "SELECT APPLYING_TRANSACTION FROM performance_schema.replication_applier_status_by_worker", 1054),
    (("mysql-8.0.21",), "SELECT LAST_SEEN_TRANSACTION FROM performance_schema.replication_applier_status_by_worker", 1054),
    (("mysql-8.0.21",), "SELECT ID FROM performance_schema.processlist", 1146),
    (("mysql-5.7", "mysql-8.0.21", "mysql-8.0.22"), "SELECT @@log_replica_updates", 1193),
    (("mysql-8.0.34", "mysql-8.4"), "SELECT @@tx_isolation", 1193),
    (("mariadb-10.6", "mariadb-11.4"), "SELECT @@super_read_only", 1193),
    (("mariadb-10.6",), "SELECT @@transaction_isolation", 1193),
    (("mariadb-10.6", "mariadb-11.4"), "SELECT WAIT_FOR_EXECUTED_GTID_SET('', 0)", 1305),
    (("mysql-8.4",), "SELECT MASTER_GTID_WAIT('', 0)", 1305),
    (("mysql-8.0.21",), "SELECT 1 AS rows", 1064),
    (("mysql-8.0.21",), "SELECT 'x' REGEXP '[[:<:]]x'", 3685),
    (("mysql-5.7",), "SELECT 'x' REGEXP '.*?x'", 1139),
])
def test_a_version_refuses_what_its_manual_does_not_have(servers, names, statement, number):
    assert {name: servers[name].judge(statement) for name in names} == dict.fromkeys(names, number)


@pytest.mark.parametrize(("name", "statement", "count", "some"), [
    ("mysql-5.7", "SHOW SLAVE STATUS", 57, ("Slave_IO_Running", "Master_UUID", "Retrieved_Gtid_Set", "Master_TLS_Version")),
    ("mysql-8.0.21", "SHOW SLAVE STATUS", 59, ("Slave_IO_Running", "Seconds_Behind_Master", "Get_master_public_key")),
    ("mysql-8.0.22", "SHOW SLAVE STATUS", 60, ("Slave_IO_Running", "Network_Namespace")),
    ("mysql-8.0.22", "SHOW REPLICA STATUS", 60, ("Replica_IO_Running", "Seconds_Behind_Source", "Get_Source_public_key")),
    ("mysql-8.4", "SHOW REPLICA STATUS", 60, ("Replica_SQL_Running", "Source_Host", "Channel_Name")),
    ("mariadb-10.6", "SHOW ALL SLAVES STATUS", 61, ("Connection_name", "Gtid_IO_Pos", "Replicate_Ignore_Domain_Ids")),
    ("mariadb-11.4", "SHOW ALL SLAVES STATUS", 62, ("Connection_name", "Replicate_Rewrite_DB", "Slave_SQL_Running")),
])
def test_the_status_of_a_replica_has_the_columns_of_the_manual(servers, name, statement, count, some):
    columns, _ = servers[name].answer(statement)
    assert len(columns) == count
    assert not set(some) - set(columns)


# --- the catalog -----------------------------------------------------------------------------------------------------

def test_every_version_understands_every_statement_of_the_catalog(servers):
    lines = catalog(*(version.text for version in VERSIONS.values()))
    by_text = {version.text: name for name, version in VERSIONS.items()}
    refused = []
    for line in lines:
        if line["text"] is not None:
            name, sql = by_text[line["version"]], filled(line["text"])
            number = servers[name].judge(sql)
            if number:
                refused.append((name, line["id"], number, sql))
    assert not refused, f"{refused}; {NEW_NAMES}"


def test_every_scripted_version_is_one_that_the_program_supports():
    said = {line["version"]: line["support"] for line in catalog(*(version.text for version in VERSIONS.values()))}
    assert set(said) == {version.text for version in VERSIONS.values()}
    for name, version in VERSIONS.items():
        assert said[version.text] == ("tested for real" if version.is_recorded else "tested by text"), name


def test_the_columns_that_a_show_statement_is_read_by_are_those_that_the_version_answers_with(servers):
    checked = 0
    for line in catalog(*(version.text for version in VERSIONS.values())):
        name = next(name for name, version in VERSIONS.items() if version.text == line["version"])
        if line["text"] is None or not line["columns"]:
            continue
        columns, _ = servers[name].answer(filled(line["text"]))
        wanted = {column for column in line["columns"].values() if column is not None}
        assert not wanted - set(columns), (name, line["id"])
        checked += 1
    assert checked >= len(VERSIONS)  # each has a SHOW REPLICA STATUS of its own


OLD_WORDS, NEW_WORDS = {"mysql-5.7", "mysql-8.0.21"}, {"mysql-8.4", "percona-8.4", "mysql-9.7"}


@pytest.mark.parametrize(("statement", "words"), [
    ("link_start", lambda name: r"START SLAVE FOR CHANNEL" if name in OLD_WORDS else r"START REPLICA FOR CHANNEL"),
    ("link_stop", lambda name: r"STOP SLAVE FOR CHANNEL" if name in OLD_WORDS else r"STOP REPLICA FOR CHANNEL"),
    ("link_reset", lambda name: r"RESET SLAVE ALL FOR CHANNEL" if name in OLD_WORDS else r"RESET REPLICA ALL FOR CHANNEL"),
    ("link_status", lambda name: r"SHOW SLAVE STATUS$" if name in OLD_WORDS else r"SHOW REPLICA STATUS$"),
    ("link_change_source", lambda name: r"CHANGE MASTER TO .*MASTER_AUTO_POSITION = 1 FOR CHANNEL"
     if name in OLD_WORDS | {"mysql-8.0.22"} else r"CHANGE REPLICATION SOURCE TO .*SOURCE_AUTO_POSITION = 1 FOR CHANNEL"),
    ("gtid_forget", lambda name: r"RESET BINARY LOGS AND GTIDS$" if name in NEW_WORDS else r"RESET MASTER$"),
    ("binlog_status", lambda name: r"SHOW BINARY LOG STATUS$" if name in NEW_WORDS else r"SHOW MASTER STATUS$"),
    ("read_only_set", lambda name: r"SET GLOBAL super_read_only = 1$" if name == "mysql-5.7" else r"SET PERSIST super_read_only = 1$"),
    ("read_only_forget", lambda name: r"DO 0$" if name == "mysql-5.7" else r"RESET PERSIST IF EXISTS super_read_only$"),
    ("events_disable", lambda name: r"ALTER .* DISABLE ON REPLICA$" if name in NEW_WORDS else r"ALTER .* DISABLE ON SLAVE$"),
])
def test_mysql_is_spoken_to_in_the_words_of_its_manual(statement, words):
    texts = {line["version"]: line["text"] for line in catalog(*(VERSIONS[name].text for name in MYSQL)) if line["id"] == statement}
    for name in MYSQL:
        assert re.match(words(name), texts[VERSIONS[name].text]), (name, texts[VERSIONS[name].text])


# --- logging in ------------------------------------------------------------------------------------------------------

def connected(server, **options):
    return pymysql.connect(host=server.address, port=server.port, user="root", password="", autocommit=True, **options)


@pytest.fixture(scope="module", name="place")
def addresses_and_certificates():
    """A network, a CA and a folder."""
    network, folder = ports.Network(), Path(tempfile.mkdtemp(prefix="scripted-"))
    addresses = [network.address(20), network.address(30)]
    try:
        yield SimpleNamespace(addresses=addresses, tls=tls.create(folder / "tls", addresses), folder=folder)
    finally:
        network.release()
        shutil.rmtree(folder, ignore_errors=True)


class Pair:
    """Two scripted servers as OLD and NEW, and cluster_check on them. Use with `with`."""

    def __init__(self, place, old, new, with_tls=True):
        self.old, self.new = (Scripted(VERSIONS[name], address, PASSWORDS, place.tls if with_tls else None)
                              for name, address in zip((old, new), place.addresses, strict=True))
        self._place = place
        self._mode = {} if with_tls else {"mode": "off"}
        for server, side, number in ((self.old, "old", 1), (self.new, "new", 2)):
            server.variables |= {"server_id": number * 100}
            if server.version.flavour == "mysql":
                server.variables |= {"server_uuid": UUID[side], "gtid_executed": f"{UUID['old']}:1-7"}
            else:
                server.variables |= {"gtid_domain_id": number, "gtid_binlog_pos": "1-100-7", "gtid_binlog_state": "1-100-7",
                                     "gtid_slave_pos": "1-100-7" if number == 2 else ""}

    def __enter__(self):
        self.old.__enter__()
        self.new.__enter__()
        folder = Path(tempfile.mkdtemp(dir=self._place.folder))
        self._config = config.Config(folder)
        accounts = {role: {"user": account.user, "password": self._config.secret(role, account.password)}
                    for role, account in ACCOUNTS.items()}
        old, new = (SimpleNamespace(primary=server, replicas=[]) for server in (self.old, self.new))
        settings = config.settings(databases=["blog"], old=old, new=new, accounts=accounts, ca=self._place.tls.ca, dns=None,
                                   limits={"statement": "5s", "lock_wait": "1s"})
        self._config.write(settings | ({"tls": self._mode} if self._mode else {}))
        return self

    def __exit__(self, *_):
        self.old.__exit__()
        self.new.__exit__()

    def run(self, *words):
        done = subprocess.run([program("cluster_check"), self._config.path, *map(str, words)], capture_output=True,
                              text=True, timeout=30, stdin=subprocess.DEVNULL, check=False)
        assert done.stdout, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, *words):
        """cluster_check with its input and output at hand."""
        return subprocess.Popen([program("cluster_check"), self._config.path, *words], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    def cutover(self, *words):
        return subprocess.run([lab.CUTOVER, "-c", self._config.path, *words], capture_output=True, text=True, timeout=30,
                              stdin=subprocess.DEVNULL, check=False)

    def in_situation(self, name):
        """apart, following (NEW follows OLD and is closed) or mirrored (and OLD follows NEW)."""
        self.old.rows["information_schema.TABLES"] = [{"TABLE_SCHEMA": "blog", "TABLE_NAME": "posts", "TABLE_TYPE": "BASE TABLE"}]
        self.new.answer("SET GLOBAL read_only = 1")
        is_mariadb = self.new.version.flavour == "mariadb"
        received = "1-100-7" if is_mariadb else f"{UUID['old']}:1-7"
        if name != "apart":
            self.new.rows["information_schema.TABLES"] = self.old.rows["information_schema.TABLES"]
            self.new.channels.append(Channel("cutover_forward", host=self.old.address, port=self.old.port, received=received,
                                             ignored_domains="2" if is_mariadb else ""))
        if name == "mirrored":
            self.old.variables |= {"auto_increment_increment": 2, "auto_increment_offset": 1}
            self.new.variables |= {"auto_increment_increment": 2, "auto_increment_offset": 2}
            self.old.channels.append(Channel("cutover_reverse", host=self.new.address, port=self.new.port,
                                             ignored_domains="1" if is_mariadb else ""))

    def ok(self, *words):
        said = self.run(*words)
        assert said["code"] == "ok", (said, self.refusals)
        assert not self.refusals
        return said

    def probe(self):
        """The facts about OLD's and NEW's primary."""
        return self.ok("probe", 3000)["nodes"]

    @property
    def refusals(self):
        """Without the one answer that every probe expects: no account was ever held where there is no database of ours."""
        return [(number, text, sql) for number, text, sql in self.old.refusals + self.new.refusals
                if not (number == NO_SUCH_DATABASE and "FROM cutover.held " in sql)]


@pytest.mark.parametrize("with_tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("name", ["mysql-5.7", "mysql-8.0.21", "percona-8.4", "mariadb-10.6", "mariadb-11.4"])
def test_the_program_logs_in(place, name, with_tls):
    with Pair(place, name, name, with_tls) as pair:
        for facts in pair.probe():
            assert (facts["reached"], facts["error"]) == ("yes", "")
            assert facts["version"] == VERSIONS[name].text
            assert bool(facts["tls"]) == with_tls


@pytest.mark.parametrize("name", ["mysql-5.7", "mysql-8.4"])
def test_a_wrong_password_is_refused_so_that_a_right_one_means_something(place, name):
    with Pair(place, name, name) as pair:
        pair.new.accounts = {"cutover": "changed"}
        facts = pair.run("probe", 3000)["nodes"]
        assert [node["reached"] for node in facts] == ["yes", "no"]
        assert "Access denied" in facts[1]["error"]


# --- what the program reads ------------------------------------------------------------------------------------------

def words_for_status(version):
    if version.flavour == "mariadb":
        return "SHOW ALL SLAVES STATUS"
    return "SHOW REPLICA STATUS" if fits(mysql("8.0.22"), version) else "SHOW SLAVE STATUS"


@pytest.mark.parametrize("name", VERSIONS)
def test_the_probe_reads_a_running_link_in_the_words_of_the_version(place, name):
    version = VERSIONS[name]
    received = "1-100-7" if version.flavour == "mariadb" else f"{UUID['old']}:1-7"
    with Pair(place, name, name) as pair:
        pair.new.channels.append(Channel("cutover_forward", host=pair.old.address, port=pair.old.port, behind=3,
                                         received=received, ignored_domains="2" if version.flavour == "mariadb" else ""))
        old, new = pair.probe()
        assert pair.new.said(f"^{words_for_status(version)}$")
        (channel,) = new["channels"]
        assert {key: channel[key] for key in ("name", "host", "port", "receiving", "applying", "received", "gtid", "tls")} == {
            "name": "cutover_forward", "host": pair.old.address, "port": pair.old.port, "receiving": "yes", "applying": "yes",
            "received": received, "gtid": "yes", "tls": "yes"}
        assert old["channels"] == []
        assert [node["position"] for node in (old, new)] == [received, received]
        assert [node["server_id"] for node in (old, new)] == [100, 200]
        assert [node["origin"] for node in (old, new)] == (
            ["1", "2"] if version.flavour == "mariadb" else [UUID["old"], UUID["new"]])
        assert old["app_sessions"] == 0


@pytest.mark.parametrize("name", VERSIONS)
def test_the_probe_reads_a_broken_link_with_its_errors(place, name):
    with Pair(place, name, name) as pair:
        pair.new.channels.append(Channel(
            "cutover_forward", host=pair.old.address, port=pair.old.port, io="Connecting", sql="No", behind=None,
            io_errno=2003, io_error="error connecting to master", sql_errno=1062, sql_error="Duplicate entry 'x' for key 'k'"))
        (channel,) = pair.probe()[1]["channels"]
        assert (channel["receiving"], channel["applying"]) == ("no", "no")
        assert (channel["receive_errno"], channel["apply_errno"]) == (2003, 1062)
        assert channel["receive_error"] == "error connecting to master"
        assert "Duplicate entry 'x'" in channel["apply_error"]


@pytest.mark.parametrize("name", [name for name in MYSQL if name != "mysql-5.7"])
def test_the_probe_finds_the_error_that_the_coordinator_hides(place, name):
    """refman-8.0 show-replica-status.html: with several workers Last_SQL_Error names no row; the worker's table does."""
    with Pair(place, name, name) as pair:
        pair.new.channels.append(Channel(
            "cutover_forward", host=pair.old.address, port=pair.old.port, sql="No", behind=None, sql_errno=1062,
            sql_error="Coordinator stopped because there were error(s) in the worker(s).",
            worker_error="Could not execute Write_rows event on table app.t; Duplicate entry 'x' for key 't.k'"))
        (channel,) = pair.probe()[1]["channels"]
        assert "Duplicate entry 'x'" in channel["apply_error"]


@pytest.mark.parametrize("name", VERSIONS)
def test_the_probe_tells_closed_from_open(place, name):
    with Pair(place, name, name) as pair:
        pair.new.answer("SET GLOBAL read_only = 1")
        assert [node["read_only"] for node in pair.probe()] == ["no", "yes"]
        if pair.new.version.flavour == "mysql":
            pair.old.answer("SET GLOBAL super_read_only = 1")
            assert [node["read_only"] for node in pair.probe()] == ["yes", "yes"]


# --- what the program says -------------------------------------------------------------------------------------------

def words_for_link(version):
    """The statements that make a link on NEW, as patterns: CHANGE, START, STOP, RESET."""
    if version.flavour == "mariadb":
        return (r"^CHANGE MASTER 'cutover_forward' TO .*MASTER_USE_GTID = slave_pos.*IGNORE_DOMAIN_IDS = \(2\)$",
                r"^START SLAVE 'cutover_forward'$", r"^STOP SLAVE 'cutover_forward'$", r"^RESET SLAVE 'cutover_forward' ALL$")
    word = "REPLICA" if fits(mysql("8.0.22"), version) else "SLAVE"
    change = (r"^CHANGE REPLICATION SOURCE TO SOURCE_HOST = .*SOURCE_AUTO_POSITION = 1 FOR CHANNEL 'cutover_forward'$"
              if fits(mysql("8.0.23"), version) else
              r"^CHANGE MASTER TO MASTER_HOST = .*MASTER_AUTO_POSITION = 1 FOR CHANNEL 'cutover_forward'$")
    return (change, rf"^START {word} FOR CHANNEL 'cutover_forward'$", rf"^STOP {word} FOR CHANNEL 'cutover_forward'$",
            rf"^RESET {word} ALL FOR CHANNEL 'cutover_forward'$")


@pytest.mark.parametrize("name", VERSIONS)
def test_a_link_is_made_anew_in_the_words_of_the_version(place, name):
    with Pair(place, name, name) as pair:
        pair.new.channels.append(Channel("cutover_forward", host="127.0.0.1", io="No", sql="No"))
        if pair.new.version.flavour == "mysql":
            pair.new.variables |= {"gtid_executed": "", "gtid_purged": ""}
        pair.ok("link-create", "new")
        change, start, stop, reset = words_for_link(pair.new.version)
        order = [next(i for i, sql in enumerate(pair.new.statements) if re.search(pattern, sql))
                 for pattern in (stop, reset, change, start)]
        assert order == sorted(order)
        (channel,) = pair.new.channels
        assert (channel.name, channel.host, channel.port, channel.user) == (
            "cutover_forward", pair.old.address, pair.old.port, ACCOUNTS["replication"].user)
        assert (channel.io, channel.sql, channel.uses_tls, channel.auto_position) == ("Yes", "Yes", True, True)
        assert pair.new.variables.get("gtid_executed", f"{UUID['old']}:1-7") == f"{UUID['old']}:1-7"


@pytest.mark.parametrize("name", VERSIONS)
def test_a_link_is_waited_for_in_the_words_of_the_version(place, name):
    version = VERSIONS[name]
    with Pair(place, name, name) as pair:
        pair.new.channels.append(Channel("cutover_forward", host=pair.old.address, port=pair.old.port))
        pair.ok("link-healthy", "new", 1000)
        pair.ok("link-wait", "new", "now", 2000)
        waited = "MASTER_GTID_WAIT" if version.flavour == "mariadb" else "WAIT_FOR_EXECUTED_GTID_SET"
        assert pair.new.said(rf"\b{waited}\(")


@pytest.mark.parametrize("name", MYSQL)
def test_a_transaction_that_the_source_never_had_is_errant(place, name):
    with Pair(place, name, name) as pair:
        assert pair.ok("link-errant", "new")["errant"] == ""
        pair.new.variables["gtid_executed"] = f"{UUID['old']}:1-7,\n{UUID['new']}:1-2"
        assert pair.ok("link-errant", "new")["errant"] == f"{UUID['new']}:1-2"


@pytest.mark.parametrize("name", VERSIONS)
def test_a_fence_is_closed_and_opened_in_the_words_of_the_version(place, name):
    version = VERSIONS[name]
    with Pair(place, name, name) as pair:
        pair.ok("fence-close", "old")
        if version.flavour == "mariadb":
            assert pair.old.said(r"^SET GLOBAL read_only = 1$")
        elif fits(mysql("8.0.1"), version):
            assert pair.old.said(r"^SET PERSIST super_read_only = 1$")
            assert pair.old.persisted == {"super_read_only": 1}  # a restart does not open it
        else:
            assert pair.old.said(r"^SET GLOBAL super_read_only = 1$")
            assert pair.old.persisted == {}
        assert pair.old.variables["read_only"] == 1
        assert pair.old.variables.get("super_read_only", 1) == 1
        pair.ok("fence-prove", "old")
        pair.ok("fence-open", "old")
        assert pair.old.variables["read_only"] == 0
        assert pair.old.variables.get("super_read_only", 0) == 0
        assert pair.old.persisted == {}


@pytest.mark.parametrize("name", VERSIONS)
def test_events_are_put_to_sleep_in_the_words_of_the_version(place, name):
    version = VERSIONS[name]
    with Pair(place, name, name) as pair:
        pair.old.rows["information_schema.EVENTS"] = [{
            "EVENT_SCHEMA": "blog", "EVENT_NAME": "tick", "DEFINER": "app@127.0.0.1", "STATUS": "ENABLED",
            "CHARACTER_SET_CLIENT": "utf8mb4", "COLLATION_CONNECTION": "utf8mb4_general_ci"}]
        pair.ok("events", "old", "off")
        word = "REPLICA" if fits(mysql("8.2"), version) else "SLAVE"
        assert pair.old.said(rf"^ALTER DEFINER = 'app'@'127.0.0.1' EVENT `blog`.`tick` DISABLE ON {word}$")
        counted = pair.ok("events", "old", "count")
        assert (counted["enabled"], counted["waiting"]) == (0, 1)
        pair.ok("events", "old", "on")
        assert [event["STATUS"] for event in pair.old.rows["information_schema.EVENTS"]] == ["ENABLED"]


@pytest.mark.parametrize("name", VERSIONS)
def test_the_survey_asks_only_what_the_version_understands(place, name):
    with Pair(place, name, name) as pair:
        said = pair.ok("survey")
        assert (said["old"]["read"], said["new"]["read"]) == ("yes", "yes")


@pytest.mark.parametrize(("old", "new"), [
    ("mysql-5.7", "mysql-8.0.34"), ("mysql-8.0.21", "mysql-8.4"), ("percona-8.0", "mysql-9.7"), ("mariadb-10.6", "mariadb-11.4")])
def test_each_side_is_spoken_to_in_its_own_words(place, old, new):
    with Pair(place, old, new) as pair:
        pair.new.channels.append(Channel("cutover_forward", host=pair.old.address, port=pair.old.port))
        pair.old.channels.append(Channel("cutover_reverse", host=pair.new.address, port=pair.new.port))
        for facts in pair.probe():
            assert [channel["receiving"] for channel in facts["channels"]] == ["yes"]
        for server in (pair.old, pair.new):
            assert server.said(f"^{words_for_status(server.version)}$")


# --- plans: every statement of a migration ---------------------------------------------------------------------------

PAIRS = [("mysql-8.0.21", "mysql-8.0.34"), ("mysql-8.0.22", "mysql-8.0.34"), ("mysql-8.0.34", "mysql-8.4"),
         ("percona-8.0", "percona-8.4"), ("mysql-8.4", "mysql-9.7"), ("mariadb-10.6", "mariadb-11.4")]


def statements_of(plan):
    """[(node, statement)] of a plan as JSON: what is done, what takes it back."""
    return [(op["node"], op["text"]) for step in plan["steps"] for op in [*step["ops"], *step["undo"], step["verify"] or {}]
            if op.get("kind") == "sql"]


@pytest.mark.parametrize(("situation", "playbook", "channel"), [
    ("apart", "1-follow", "cutover_forward"), ("following", "3-mirror", "cutover_reverse"), ("mirrored", "4-migration-day-fenced", "")])
@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_statement_of_a_plan_is_understood_where_it_is_to_run(place, old, new, situation, playbook, channel):
    with Pair(place, old, new) as pair:
        pair.in_situation(situation)
        said = pair.cutover("plan", REPOSITORY / "playbooks" / f"{playbook}.cfg", "--json")
        assert said.returncode == 0, said.stderr
        plan = json.loads(said.stdout)["plan"]
        assert plan["starts_in"] == situation
        statements = statements_of(plan)
        assert [sql for _, sql in statements if channel in sql] or not channel
        servers = {f"{server.address}:{server.port}": server for server in (pair.old, pair.new)}
        assert [(node, sql) for node, sql in statements if servers[node].judge(sql)] == []
        assert pair.refusals == []


@pytest.mark.parametrize(("old", "new"), [*PAIRS, ("mysql-5.7", "mysql-8.0.34")])
def test_check_and_status_ask_only_what_the_version_understands(place, old, new):
    with Pair(place, old, new) as pair:
        pair.in_situation("apart")
        said = pair.cutover("check", "--json")
        assert json.loads(said.stdout)
        assert pair.refusals == []
        said = pair.cutover("status", "--json")
        assert json.loads(said.stdout)["situation"] == "apart"
        assert {number for number, _, _ in pair.refusals} == {1049}  # nobody ever took a lease there


@pytest.mark.parametrize(("old", "new"), [("mysql-5.7", "mysql-5.7"), ("mysql-8.0.21", "mysql-8.4"), ("mariadb-10.6", "mariadb-11.4")])
def test_the_sampler_sees_a_link_break_in_the_words_of_the_version(place, old, new):
    with Pair(place, old, new) as pair:
        pair.in_situation("following")
        with pair.start("monitor") as process:
            def link():
                process.stdin.write("read\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())["nodes"][1]

            wait_until(lambda: link()["link_running"], 30, "the sampler to see the link run")
            (channel,) = pair.new.channels
            channel.sql, channel.sql_errno, channel.sql_error = "No", 1062, "Duplicate entry"
            wait_until(lambda: not link()["link_running"] and link()["link_errno"] == 1062, 30, "the sampler to see it break")
            process.stdin.close()
            assert process.wait(20) == 0
        assert {number for number, _, _ in pair.refusals} <= {1049}  # no heartbeat was ever written there


def test_no_version_was_asked_what_the_scripted_server_cannot_answer(servers):
    """A hole in the script looks like no error of a server: it has a number of its own."""
    for name, server in servers.items():
        assert [refusal for refusal in server.refusals if refusal[0] == NOT_SCRIPTED] == [], name
