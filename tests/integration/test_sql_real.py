# SPDX-License-Identifier: MIT
"""Every statement of src/sql is run on a real server of every kind: it knows the words, and its result has the columns
that the statement's comment promises."""

import concurrent.futures
import contextlib
import json
import re
import subprocess
from collections import ChainMap

import pymysql
import pytest

from tests.integration import programs
from tests.lab import accounts, kinds, ports
from tests.lab.lab import CACHE
from tests.lab.procs import wait_until
from tests.lab.servers import Absent, Server

UUID = "aaaaaaaa-0000-0000-0000-000000000000"
NO_SUCH_CHANNEL = (1617, 3074, 1200)  # MariaDB; MySQL; either, when no channel was ever made
COMMENT = re.compile(r"^--", re.MULTILINE)

SETUP = """
CREATE DATABASE blog; USE blog;
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE = InnoDB; INSERT INTO t VALUES (1, 'a'), (2, 'b');
CREATE VIEW w AS SELECT * FROM t;
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 'x';
CREATE FUNCTION f () RETURNS INT DETERMINISTIC RETURN 1;
CREATE PROCEDURE p () SELECT 1;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;
CREATE USER app@'%' IDENTIFIED BY 'Secret-1'; GRANT SELECT, INSERT ON blog.* TO app@'%';
CREATE USER gone@'%' IDENTIFIED BY 'Secret-1';
CREATE ROLE r; GRANT SELECT ON blog.* TO r; CREATE USER member@'%' IDENTIFIED BY 'Secret-1'; GRANT r TO member@'%';
"""
SETUP_MARIADB = "CREATE SEQUENCE blog.q;"

# What the parameters are, unless a scene says otherwise. A scene is a list of statements on one connection; a statement
# is a name, or (name, {parameter: value}, (errors that are fine, ...)).
VALUES = {
    "database": "blog", "databases": "'blog'", "ours": "'cutover', 'cutover_monitor'", "held": "''", "event": "`blog`.`e`",
    "table": "`blog`.`t`", "columns": "`id`, `v`", "column": "`id`", "range": "TRUE", "index": "PRIMARY",
    "order": "`id`", "limit": "10", "name": "`blog`.`t`", "user": "root", "host": "localhost", "charset": "utf8mb4",
    "collation": "utf8mb4_bin", "client": "utf8mb4", "mode": "NO_ENGINE_SUBSTITUTION", "zone": "+00:00",
    "lock_wait": "2", "wait": "600", "seconds": "0.2", "id": "999999999", "lock": "cutover:test", "common": "#cutover:test", "service": "test",
    "holder": "here", "run": "1", "epoch": "1", "server_id": "77", "beat_us": "1700000000000000", "token": "a" * 32,
    "increment": "2", "offset": "1", "names": "`id`, `v`", "values": "1, 'a'", "file": "bin.000001",
    "channel": "cutover_test", "port": "1", "password": "Secret-1", "ignore": "7",
    "words": "'T', 'ID'", "trust": "1", "tls": "0", "verify": "0", "ca": "", "donors": "'127.0.0.1:1'",
    "data": "2", "network": "2",
    "heartbeat_ns": "1000000000", "reader": UUID,
    "agent_databases": "'orchestrator', 'cmon'", "agent_accounts": "^(orchestrator.*|orc_.*)$",
    "agent_programs": "^(orchestrator.*)$",
    "row": "`id`", "bytes": "8", "accounts": "'gone'@'%'",
}
POSITIONS = {"mariadb": "9-9-9", "mysql": f"{UUID}:1-9"}
NOBODY_THERE = {"host": "127.0.0.1", "user": "nobody"}
ACCOUNTS = accounts.generate()
# What the published grants leave to an administrator; and 1044 for a database that is not named in them.
NOT_GRANTED = {"seed_account_drop": 1227, "seed_role_make": 1227, "seed_role_drop": 1227, "database_drop": 1044,
               "hold_lock": 1227, "hold_unlock": 1227}  # MySQL needs neither: it persists

SCENES = [
    ["version", "session_setup", "facts_variables", "survey_settings", "survey_grants", "survey_accounts",
     "survey_bypass", "survey_definers", "group_members", "galera_size"],
    ["survey_variables", "survey_explicit", "survey_names", "survey_features", "survey_collations_used",
     "survey_collations_known", "survey_plugins_used", "survey_plugins_known", "survey_loose_keys", "survey_time_zones",
     "survey_semisync", "survey_agents", "survey_programs", "survey_status", "survey_sessions", "survey_loaded", "survey_ids",
     "survey_statistics"],
    ["unlogged", "lease_schema_database", "hold_schema", "hold_origin", "hold_accounts",
     ("hold_put", {"user": "gone", "host": "%"}), "hold_lock", "hold_read", "objects_held", "hold_unlock",
     ("hold_forget", {"user": "gone", "host": "%"})],
    ["lease_schema_database", "lease_schema_lease", "lease_schema_heartbeat", "lease_schema_probe",
     "lease_schema_pause", "verify_pause_put", "verify_pause_read", "verify_pause_clear", "lease_lock",
     "lease_owner", "lease_write", "lease_read", "lease_unlock", "mark_take", "mark_owners"],
    ["heartbeat_beat", "heartbeat_read", "sampler_state", "sampler_beats", "sampler_uptime", "seed_heartbeats_clear",
     "seed_heartbeat_put", "probe_clock", "probe_row_write", "probe_row_seen",
     ("drill_rows_seen", {"from": "0", "until": "f"}), ("drill_rows_delete", {"from": "0", "until": "f"}), "probe_row_delete"],
    ["app_sessions", "probe_sessions", "session_alive", "xa_recover",
     ("kill", {}, (1094,)), ("kill_query", {}, (1094,))],
    ["snapshot_begin", "fence_holders", "fence_transactions", ("fence_under_way", {"before": "1"}), "fence_open_tables", "snapshot_end"],
    ["unlogged", "isolation_repeatable", "stagger_keep", "stagger_set", "stagger_read_session", "stagger_life", "stagger_kept",
     "stagger_forget_increment", "stagger_forget_offset"],
    ["unlogged", "events_list", "events_session", "events_disable", "events_list", "events_enable"],
    ["database_list", "table_count", "table_list", "shape_tables", "shape_columns", "shape_indexes", "shape_foreign_keys",
     "shape_foreign_key_parts"],
    ["objects_session", "objects_database", "objects_views", "objects_triggers", "objects_routines", "objects_parameters",
     "objects_events", "objects_checks", "objects_partitions", "objects_counters",
     ("objects_counter_room", {"table": "`blog`.`t`", "column": "`id`", "next": "9"}), "objects_sequences",
     ("objects_sequence", {"name": "`blog`.`q`"}), "objects_privileges", "objects_accounts", "objects_grants"],
    ["verify_session", "verify_packet", ("verify_widen", {"padding": " "}), "verify_side", "verify_position", "verify_applied", "verify_channels",
     "verify_begin", "verify_bound", "verify_threads", "verify_chunk", "verify_chunk_locked", "verify_whole", "verify_whole_locked", "verify_end",
     "verify_wait", "verify_sum",
     ("fast_table", {"schema": "blog", "name": "t"}), "fast_rows_read", "fast_checksum"],
    ["fast_barrier_session", "fast_barrier_start", "seed_stage_block", "seed_snapshot", "seed_stage_end"],
    ["isolation_repeatable", "repair_session", "repair_ready", "repair_triggers", "verify_begin", "repair_row",
     "repair_write", "repair_delete", "repair_commit"],
    ["author_logs", "author_log_oldest", ("author_log_begin", {}, (1220,))],  # no such file
    ["log_kept", "seed_folders"],
    ["binlog_server", "binlog_session"],
    ["read_only_get", "read_only_set", "read_only_admit", "read_only_seal", "read_only_clear", "read_only_forget",
     ("read_only_clear_leased", {"thread": "1"}, (1231,)),  # nobody has the lock
     "read_only_forget", "read_only_get"],
    ["seed_stage_start", "seed_stage_block", "seed_snapshot", "seed_stage_end"],
    ["seed_stage_start", "pulse_hold", "pulse_held", "seed_stage_end"],
    ["seed_source", "seed_views", "seed_triggers", "seed_routines", "seed_events", "seed_bounds", "seed_rows",
     "seed_show_table", ("seed_show_database", {"name": "`blog`"}), ("seed_show_view", {"name": "`blog`.`w`"}),
     ("seed_show_trigger", {"name": "`blog`.`g`"}), ("seed_show_event", {"name": "`blog`.`e`"}),
     ("seed_show_function", {"name": "`blog`.`f`"}), ("seed_show_procedure", {"name": "`blog`.`p`"}),
     ("seed_show_package", {"name": "`blog`.`k`"}, (1305,)),
     ("seed_show_package_body", {"name": "`blog`.`k`"}, (1305,))],
    ["seed_shapes_session", "seed_source_collation", "seed_trust_get", "seed_trust_set", ("seed_trust_set", {"trust": "0"})],
    [("seed_target_collation", {"collation": "utf8mb4_general_ci"}), "seed_target", "seed_use", "seed_program_read",
     "seed_program_write", "seed_target_bytes",
     ("seed_insert", {}, (1064,))],  # the rows follow in the same statement
    ["seed_accounts", ("seed_account_exists", {"user": "app", "host": "%"}), "seed_accounts_session",
     ("seed_show_account", {"user": "app", "host": "%"}), ("seed_show_grants", {"user": "app", "host": "%"}),
     ("seed_account_drop", {"user": "gone", "host": "%"}), ("seed_show_role_grants", {"user": "r"}),
     ("seed_role_make", {"user": "made"}), ("seed_role_drop", {"user": "made"})],
    [("link_change_source", NOBODY_THERE), "link_status", "link_workers", "link_transit", "verify_channels",
     "link_start", "link_status", "link_workers", "link_transit", "drill_stop_receiving", "drill_stop_applying", "link_stop",
     "link_reset",
     ("link_reset", {}, NO_SUCH_CHANNEL), ("link_start", {}, NO_SUCH_CHANNEL), ("link_stop", {}, NO_SUCH_CHANNEL),
     ("replica_start_default", {}, NO_SUCH_CHANNEL), ("replica_stop_default", {}, NO_SUCH_CHANNEL),
     ("replica_reset_default", {}, NO_SUCH_CHANNEL),
     "replicas_list", "binlog_status"],
    ["gtid_origin", "gtid_position", "gtid_state", "gtid_adopt_own", "gtid_forget", "gtid_begin_log", "gtid_adopt",
     "gtid_wait"],
    ["clone_server", "clone_size", "clone_databases", "clone_plugin", "clone_status",
     "clone_progress", "clone_donor_list_get", "clone_donor_list", ("clone_donor_list", {"donors": "NULL"}),
     "clone_donor_list", "clone_limits_get", "clone_limits_set",
     ("clone_run_tls", NOBODY_THERE, (3862,)), ("clone_run_plain", NOBODY_THERE, (3862,)),
     "clone_status"],
    ["seed_tablespaces"],
    ["scheduler_on"],
    [("database_drop", {"database": "nothing"})],
]


@pytest.fixture(scope="module", params=list(kinds.KINDS), name="server")
def one_server(request, tmp_path_factory):
    try:
        kind = kinds.find(request.param)
    except Absent as absent:
        pytest.skip(str(absent))
    network = ports.Network()
    server = Server(kind, tmp_path_factory.mktemp("s"), "sql", network.address(20), 100,
                    kind.empty_template(CACHE), domain_id=1)
    try:
        server.start()
        server.query(SETUP + (SETUP_MARIADB if kind.flavour == "mariadb" else ""))
        server.query(accounts.grants(ACCOUNTS, kind.flavour))
        yield server
    finally:
        server.kill9()
        network.release()


@pytest.fixture(scope="module", name="catalog")
def the_catalog(server):
    """{name: {"text": ..., "columns": {key: column}}} of what this server has."""
    program = programs.build("dialect_check")
    done = subprocess.run([program, server.value("SELECT VERSION()")], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["id"]: line for line in lines if line["text"]}


def literal(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def fill(text, values):
    def put(match):
        value, kind = values[match[1]], match[2]
        return {"": literal(value), "`": f"`{value}`"}.get(kind, value)
    return re.sub(r":\{(\w+)([#`!]?)\}", put, text)


def promised(name):
    """The columns that the comment of a statement names, from any of its files (they promise the same)."""
    lines = []
    for path in sorted((programs.REPOSITORY / "src/sql").glob(f"{name}.*.sql")):
        lines = [line.removeprefix("--").strip() for line in path.read_text().splitlines() if COMMENT.match(line)]
    text = re.search(r"\bColumns?: *(.*)", re.sub(r"\n(?=[A-Z][a-z]+:)", "  ", "\n".join(lines)).replace("\n", " "))
    if not text or text[1].startswith(("as ", "the table's")):
        return []
    text = re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", text[1])
    text = re.split(r"\.\s|\.$|;|:|  ", text)[0]
    return [column.strip() for column in re.split(r",|\band\b", text) if column.strip()]


def run(server, cursor, entry, statement, refused):
    name, values, fine = (*statement, (), ())[:3] if isinstance(statement, tuple) else (statement, {}, ())
    fine = (*fine, refused.get(name))
    sql = fill(entry["text"], ChainMap(dict(values), {"position": POSITIONS[server.kind.flavour]}, VALUES))
    try:
        cursor.execute(sql)
    except pymysql.Error as error:
        assert error.args[0] in fine, f"{name}: {error}\n{sql}"
        return
    if cursor.description is None:
        return
    columns = [column[0] for column in cursor.description]
    wanted = [column for column in entry["columns"].values() if column] or promised(name)
    missing = set(wanted) - set(columns)
    assert not missing, f"{name}: no column {missing}, there are {columns}\n{sql}"


def name_of(statement):
    return statement if isinstance(statement, str) else statement[0]


def play(server, catalog, scene, account, refused):
    with server.connect(account, database="blog") as connection, connection.cursor() as cursor:
        cursor.execute(fill(catalog["session_setup"]["text"], VALUES))
        for statement in scene:
            if name_of(statement) in catalog:  # the other flavour's own are not there
                run(server, cursor, catalog[name_of(statement)], statement, refused)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: name_of(scene[0]))
def test_the_server_knows_every_word_and_column(server, catalog, scene):
    play(server, catalog, scene, None, {})


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: name_of(scene[0]))
def test_the_published_grants_suffice(server, catalog, scene):
    play(server, catalog, scene, ACCOUNTS["controller"], NOT_GRANTED)


def test_every_statement_is_in_a_scene(catalog):
    assert set(catalog) == {name_of(statement) for scene in SCENES for statement in scene} & set(catalog)


@contextlib.contextmanager
def others_with_temporary_tables(server, count=4):
    """Each holds one, the least of which takes 1 MB of MySQL's temptable_max_ram (here 2 MB)."""
    hold = "SELECT SLEEP(60) FROM (SELECT DISTINCT TABLE_NAME FROM information_schema.TABLES) AS d LIMIT 1"
    sleeping = "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'"
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        holders = [pool.submit(server.query, hold) for _ in range(count)]
        try:
            wait_until(lambda: len(server.query(sleeping)) == count, 30, "sessions that hold temporary tables")
            yield
        finally:
            for row in server.query(sleeping):
                server.query(f"KILL {row['ID']}")
            concurrent.futures.wait(holders)


def test_recursions_need_no_room_that_others_have_taken(server, catalog):
    """A fence that could not ask who is left would have to be opened again."""
    with others_with_temporary_tables(server):
        play(server, catalog, ["survey_bypass", "seed_accounts"], ACCOUNTS["controller"], {})


def test_what_is_told_apart_is_a_write(server, catalog):
    """app_sessions reads the first word of a statement, behind comments and brackets."""
    text = re.search(r"'(\^.*?)'\s+AS is_write", catalog["app_sessions"]["text"])[1]
    reads = ["SELECT 1", " select 1", "/* a */ SELECT 1", "/*a*b*/(select 1)", "COMMIT", "show tables", "SET x = 1"]
    writes = ["INSERT INTO t", "/* select */ update t", "selection", "", "WITH a AS (SELECT 1) DELETE", "CALL p()"]
    seen = {word: server.value(f"SELECT {literal(word)} NOT REGEXP '{text}'") for word in reads + writes}
    assert seen == dict.fromkeys(reads, 0) | dict.fromkeys(writes, 1)
