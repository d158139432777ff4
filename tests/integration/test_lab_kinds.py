# SPDX-License-Identifier: MIT
"""Each kind of server does in a lab what the other tests believe of it. A kind that is not on this machine is skipped."""

import pymysql
import pytest

from tests.lab import dataset, kinds
from tests.lab.lab import Lab
from tests.lab.procs import LabError, wait_until
from tests.lab.servers import Absent

RSS_MB = 280  # a MySQL with a replica's threads, after a recovery


@pytest.fixture(scope="module", params=[name for name in kinds.NAMES if name not in kinds.ALIASES], name="lab")
def running_lab(request):
    with Lab(mb=1, dns=False, cloudflare=False, site=False, old=request.param, new=request.param) as lab:
        yield lab


@pytest.fixture(scope="module", name="mysql")
def running_mysql():
    with Lab(mb=1, dns=False, cloudflare=False, site=False, old="mysql", new="mysql") as lab:
        yield lab


def test_it_is_the_server_it_is_called(lab):
    for server in lab.servers:
        version = server.value("SELECT VERSION()")
        assert version.startswith(server.kind.version)
        assert ("MariaDB" in version) == (server.kind.flavour == "mariadb")
    assert str(lab.kinds["old"]) in lab.pair


def test_it_holds_the_data_set_and_its_replica_follows_over_verified_tls(lab):
    lab.old.primary.query("REPLACE INTO blog.settings VALUES ('test.follow', '🚢 é')")
    lab.old.wait_replicas()
    [replica] = lab.old.replicas
    assert replica.value("SELECT value FROM blog.settings WHERE `key` = 'test.follow'") == "🚢 é"
    [link] = replica.links()
    assert (link.name, link.source) == ("", (lab.old.primary.address, lab.old.primary.port))
    assert link.runs and link.is_verified and not link.error
    for table in set(dataset.tables(lab.old.primary)) - {"event_ticks"}:
        rows = [server.value(f"SELECT COUNT(*) FROM blog.{table}") for server in lab.old.nodes]
        assert rows[0] == rows[1] > 0, table


def test_everything_is_logged_as_rows_under_gtids(lab):
    for server in lab.servers:
        assert server.query("SELECT @@log_bin AS log, @@binlog_format AS format, @@binlog_row_image AS image") == [
            {"log": 1, "format": "ROW", "image": "FULL"}]
        if server.kind.flavour == "mariadb":
            domain = {"old": 1, "new": 2}[server.name[:3]]
            assert server.query("SELECT @@gtid_strict_mode AS strict, @@gtid_domain_id AS domain") == [
                {"strict": 1, "domain": domain}]
        else:
            assert server.query("SELECT @@gtid_mode AS mode, @@enforce_gtid_consistency AS strict") == [
                {"mode": "ON", "strict": "ON"}]
    if lab.kinds["old"].flavour == "mysql":
        assert len({server.value("SELECT @@server_uuid") for server in lab.servers}) == len(lab.servers)


def test_an_acknowledged_write_survives_kill_9_and_the_replica_goes_on(lab):
    primary, [replica] = lab.old.primary, lab.old.replicas
    primary.query("REPLACE INTO blog.settings VALUES ('test.kill9', 'kept')")
    primary.kill9()
    replica.kill9()
    assert not primary.is_running and not primary.answers()
    primary.start()
    replica.start()
    assert primary.value("SELECT value FROM blog.settings WHERE `key` = 'test.kill9'") == "kept"
    primary.query("UPDATE blog.settings SET value = 'and changed' WHERE `key` = 'test.kill9'")
    lab.old.wait_replicas()
    assert replica.value("SELECT value FROM blog.settings WHERE `key` = 'test.kill9'") == "and changed"


def test_a_frozen_server_answers_nobody_until_it_is_thawed(lab):
    [replica] = lab.new.replicas
    replica.freeze()
    try:
        with pytest.raises((pymysql.Error, OSError)):
            replica.connect(read_timeout=1, connect_timeout=1).ping()
    finally:
        replica.thaw()
    assert replica.answers()


def test_a_named_channel_joins_two_primaries_and_is_forgotten_again(lab):
    old, new = lab.old.primary, lab.new.primary
    if old.kind.flavour == "mariadb":
        new.query("SET GLOBAL gtid_slave_pos = %s", (old.position(),))
    else:
        new.query(f"RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '{old.position()}'")
    new.follow(old, lab.accounts["replication"], "cutover_forward")
    wait_until(lambda: [(link.name, link.io) for link in new.links()] == [("cutover_forward", "Yes")], 30, "the channel")
    new.forget()
    assert (new.links(), new.position()) == ([], "")
    lab.new.replicas[0].forget()
    lab.new.attach_replicas(lab.accounts["replication"])


def test_it_needs_little_memory(lab):
    for server in lab.servers:
        with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
            [kb] = [int(line.split()[1]) for line in status if line.startswith("VmRSS")]
        assert kb < RSS_MB * 1000, server


# -- what the published grants allow --------------------------------------------------------------

STATEMENTS = {
    "mariadb": (
        "SET SESSION sql_log_bin = 0, lock_wait_timeout = 1, max_statement_time = 5",
        "SHOW ALL SLAVES STATUS",
        "SHOW SLAVE HOSTS",
        "SHOW BINARY LOGS",
        "SHOW GRANTS FOR 'app'@'127.%'",
        "SELECT * FROM mysql.global_priv",
        "SELECT * FROM information_schema.innodb_trx",
        "SELECT * FROM information_schema.processlist",
        "CHANGE MASTER 'probe' TO MASTER_HOST = '127.0.0.1', MASTER_USE_GTID = slave_pos",
        "RESET SLAVE 'probe' ALL",
        "SET GLOBAL read_only = 0",
        "SET GLOBAL read_only = 1",
        "SET GLOBAL auto_increment_increment = 1",
        "SET GLOBAL event_scheduler = ON",
        "FLUSH TABLES WITH READ LOCK",
        "UNLOCK TABLES",
        "CREATE DATABASE blog",
        "CREATE TABLE blog.t (id INT PRIMARY KEY)",
        "CREATE DEFINER = 'app'@'127.%' VIEW blog.v AS SELECT * FROM blog.t",
        "CREATE DEFINER = 'app'@'127.%' TRIGGER blog.r AFTER INSERT ON blog.t FOR EACH ROW SET @x = 1",
        "CREATE DEFINER = 'app'@'127.%' FUNCTION blog.f() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE DEFINER = 'app'@'127.%' EVENT blog.e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
        "ALTER DEFINER = 'app'@'127.%' EVENT blog.e DISABLE ON SLAVE",
        "DROP DATABASE blog"),
    "mysql": (
        "SET SESSION sql_log_bin = 0, lock_wait_timeout = 1, max_execution_time = 5000",
        "SHOW REPLICA STATUS",
        "SHOW REPLICAS",
        "SHOW BINARY LOGS",
        "SHOW GRANTS FOR 'app'@'127.%'",
        "SHOW CREATE USER 'app'@'127.%'",
        "SELECT * FROM mysql.global_grants",
        "SELECT * FROM information_schema.innodb_trx",
        "SELECT * FROM performance_schema.processlist",
        "SELECT * FROM performance_schema.replication_applier_status_by_worker",
        "SELECT * FROM performance_schema.metadata_locks",
        "SELECT * FROM performance_schema.persisted_variables",
        "XA RECOVER",
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_AUTO_POSITION = 1 FOR CHANNEL 'probe'",
        "RESET REPLICA ALL FOR CHANNEL 'probe'",
        "SET PERSIST super_read_only = 1",
        "SET GLOBAL super_read_only = 0",
        "RESET PERSIST IF EXISTS super_read_only",
        "SET GLOBAL auto_increment_increment = 1",
        "SET GLOBAL event_scheduler = ON",
        "FLUSH TABLES WITH READ LOCK",
        "UNLOCK TABLES",
        "LOCK INSTANCE FOR BACKUP",
        "UNLOCK INSTANCE",
        "CREATE DATABASE blog",
        "CREATE TABLE blog.t (id INT PRIMARY KEY)",
        "CREATE DEFINER = 'app'@'127.%' VIEW blog.v AS SELECT * FROM blog.t",
        "CREATE DEFINER = 'gone'@'127.%' VIEW blog.w AS SELECT * FROM blog.t",
        "CREATE DEFINER = 'app'@'127.%' EVENT blog.e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
        "ALTER DEFINER = 'root'@'localhost' EVENT blog.e DISABLE ON SLAVE",
        # Nothing but SUPER lets anybody create triggers and functions while this is off.
        "SET GLOBAL log_bin_trust_function_creators = 1",
        "CREATE DEFINER = 'app'@'127.%' TRIGGER blog.r AFTER INSERT ON blog.t FOR EACH ROW SET @x = 1",
        "CREATE DEFINER = 'app'@'127.%' FUNCTION blog.f() RETURNS INT DETERMINISTIC RETURN 1",
        "SET GLOBAL log_bin_trust_function_creators = 0",
        "DROP DATABASE blog"),
}


def test_the_published_grants_let_the_controller_do_its_work(lab):
    controller, [node] = lab.accounts["controller"], lab.new.replicas
    with (node.connect(controller) as connection, connection.cursor() as cursor,
          node.connect(lab.accounts["app"]) as straggler):
        for statement in (*STATEMENTS[node.kind.flavour], f"KILL {straggler.thread_id()}"):
            cursor.execute(statement)


def test_read_only_stops_the_monitor_and_lets_the_controller_write(lab):
    controller, monitor, primary = lab.accounts["controller"], lab.accounts["monitor"], lab.new.primary
    primary.query("SET sql_log_bin = 0; CREATE DATABASE cutover; CREATE TABLE cutover.t (id INT PRIMARY KEY)",
                  account=controller)
    with pytest.raises(pymysql.err.OperationalError, match="read-only"):
        primary.query("INSERT INTO cutover.t VALUES (1)", account=monitor)
    primary.query("SET sql_log_bin = 0; INSERT INTO cutover.t VALUES (1); DROP DATABASE cutover", account=controller)


# What the controller's account on MySQL can no longer do without one of its global privileges.
NEEDED_FOR = {
    "REPLICATION CLIENT": "SHOW REPLICA STATUS",
    "REPLICATION SLAVE": "SHOW REPLICAS",
    "PROCESS": "SELECT * FROM information_schema.innodb_trx",
    "RELOAD": "FLUSH TABLES WITH READ LOCK",
    "REPLICATION_SLAVE_ADMIN": "STOP REPLICA FOR CHANNEL ''",
    "SYSTEM_VARIABLES_ADMIN": "SET GLOBAL super_read_only = 1",
    "CONNECTION_ADMIN": "KILL {app}",
    "XA_RECOVER_ADMIN": "XA RECOVER",
    "SYSTEM_USER": "KILL {root}",
    "SHOW_ROUTINE": "SHOW CREATE FUNCTION sys.version_major",
    "BACKUP_ADMIN": "LOCK INSTANCE FOR BACKUP",
    "CLONE_ADMIN": "CLONE INSTANCE FROM 'nobody'@'127.0.0.1':1 IDENTIFIED BY ''",
    "SET_ANY_DEFINER": "CREATE DEFINER = 'app'@'127.%' VIEW cutover.v AS SELECT 1",
    "ALLOW_NONEXISTENT_DEFINER": "CREATE DEFINER = 'gone'@'127.%' VIEW cutover.v AS SELECT 1",
}


def test_the_controller_has_no_global_privilege_on_mysql_that_it_does_not_need(mysql):
    server, controller = mysql.new.primary, mysql.accounts["controller"]
    account = f"'{controller.user}'@'127.0.0.1'"
    granted = {name.strip() for row in server.query(f"SHOW GRANTS FOR {account}") for line in row.values()
               if " ON *.* TO " in line for name in line.removeprefix("GRANT ").split(" ON ")[0].split(",")}
    assert granted == set(NEEDED_FOR)
    server.query("SET sql_log_bin = 0; CREATE DATABASE cutover")
    for privilege, statement in NEEDED_FOR.items():
        server.query(f"SET sql_log_bin = 0; REVOKE {privilege} ON *.* FROM {account}")
        with (server.connect(mysql.accounts["app"]) as app, server.connect() as root,
              pytest.raises(pymysql.MySQLError) as refused):
            server.query(statement.format(app=app.thread_id(), root=root.thread_id()), account=controller)
        # 1227: denied, naming the privilege; 1095: not owner of the thread; 1305: hidden from you; 1401: XA; 4006: definer
        assert refused.value.args[0] in (1227, 1095, 1305, 1401, 4006), (privilege, refused.value)
        server.query(f"SET sql_log_bin = 0; GRANT {privilege} ON *.* TO {account}")
    server.query("SET sql_log_bin = 0; DROP DATABASE cutover")


# -- a MySQL is supervised ------------------------------------------------------------------------

def test_the_statement_restart_starts_a_mysql_again(mysql):
    server = mysql.new.primary
    before = server.pid
    server.query("SET GLOBAL event_scheduler = OFF; RESTART")  # with it, a server that has replicas takes 8 s to end
    wait_until(lambda: server.pid != before and server.answers(), 30, "the server to come back")
    assert server.is_running
    server.kill9()
    assert not server.is_running  # a killed one stays down
    server.start()


def test_a_mysql_can_be_cloned_and_comes_back_by_itself(mysql):
    donor, recipient, controller = mysql.old.primary, mysql.new.primary, mysql.accounts["controller"]
    own_uuid, before = recipient.value("SELECT @@server_uuid"), recipient.pid
    recipient.query(
        f"SET GLOBAL clone_valid_donor_list = '{donor.address}:{donor.port}';"
        f" CLONE INSTANCE FROM %s@'{donor.address}':{donor.port} IDENTIFIED BY %s REQUIRE SSL",
        (controller.user, controller.password), account=controller)
    wait_until(lambda: recipient.pid != before and recipient.answers(), 60, "the clone to come back")
    assert recipient.query("SELECT STATE AS state, ERROR_NO AS error FROM performance_schema.clone_status") == [
        {"state": "Completed", "error": 0}]
    assert recipient.value("SELECT @@server_uuid") == own_uuid
    recipient.follow(donor, mysql.accounts["replication"], "cutover_forward")
    recipient.wait_applied(donor.position())


# -- kinds that are not there ---------------------------------------------------------------------

def test_a_kind_that_is_not_there_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(kinds.KINDS["mysql"], "folder", tmp_path)
    with pytest.raises(Absent, match="make deps-mysql"):
        Lab(new="mysql")
    with pytest.raises(LabError, match="oracle is no kind of server"):
        Lab(old="oracle")


def test_the_environment_names_the_kinds_when_nobody_else_does(monkeypatch):
    monkeypatch.setenv("CUTOVER_LAB_NEW", "mariadb")
    assert Lab().kinds["new"] is kinds.KINDS["mariadb-10.11"]
    monkeypatch.setenv("CUTOVER_LAB_NEW", "oracle")
    with pytest.raises(LabError, match="oracle"):
        Lab()
