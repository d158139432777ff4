# SPDX-License-Identifier: MIT
"""Record what a real server answers, so that the scripted dialects can be held against it.

    python3 -m tests.lab.dialects.record --socket PATH > tests/lab/dialects/recorded/mysql-9.7.json

Reads only: tables are described, statements are prepared and never run, apart from SHOW and SELECT.
"""

import argparse
import contextlib
import json
import re
import sys

import pymysql

from .history import RESERVED

SYSTEM_TABLES = {
    "information_schema": (
        "APPLICABLE_ROLES", "CHARACTER_SETS", "CHECK_CONSTRAINTS", "COLLATIONS",
        "COLLATION_CHARACTER_SET_APPLICABILITY", "COLUMNS", "COLUMN_PRIVILEGES", "COLUMN_STATISTICS", "ENGINES", "EVENTS",
        "GLOBAL_STATUS", "GLOBAL_VARIABLES", "INNODB_SYS_TABLES", "INNODB_SYS_TABLESPACES", "INNODB_TABLES", "INNODB_TABLESPACES",
        "INNODB_TRX", "KEYWORDS", "KEY_COLUMN_USAGE", "PARAMETERS", "PARTITIONS", "PLUGINS", "PROCESSLIST",
        "REFERENTIAL_CONSTRAINTS", "ROUTINES", "SCHEMATA", "SCHEMA_PRIVILEGES",
        "SESSION_VARIABLES", "SLAVE_STATUS", "STATISTICS", "SYSTEM_VARIABLES", "TABLES", "TABLE_CONSTRAINTS",
        "TABLE_PRIVILEGES", "TRIGGERS", "USER_ATTRIBUTES", "USER_PRIVILEGES", "VIEWS"),
    "mysql": (
        "column_stats", "columns_priv", "component", "db", "default_roles", "event", "func", "global_grants", "global_priv", "gtid_executed",
        "gtid_slave_pos", "innodb_table_stats", "plugin", "proc", "procs_priv", "proxies_priv", "role_edges", "roles_mapping",
        "slave_master_info", "slave_relay_log_info", "tables_priv", "time_zone_name", "user"),
    "performance_schema": (
        "clone_progress", "clone_status", "data_lock_waits", "data_locks", "error_log", "events_statements_current",
        "events_statements_history",
        "events_transactions_current", "global_status", "global_variables", "log_status", "metadata_locks",
        "persisted_variables", "processlist", "replication_applier_configuration", "replication_applier_filters",
        "replication_applier_global_filters", "replication_applier_status",
        "replication_applier_status_by_coordinator", "replication_applier_status_by_worker",
        "replication_asynchronous_connection_failover", "replication_connection_configuration",
        "replication_connection_status", "replication_group_member_stats", "replication_group_members",
        "session_connect_attrs", "session_status", "session_variables", "table_handles", "threads", "variables_info"),
}
SHOWS = (
    "SHOW ALL SLAVES STATUS", "SHOW BINARY LOG STATUS", "SHOW BINARY LOGS", "SHOW BINLOG STATUS", "SHOW FULL PROCESSLIST",
    "SHOW GLOBAL STATUS LIKE 'Uptime'", "SHOW GLOBAL VARIABLES LIKE 'port'", "SHOW MASTER STATUS", "SHOW OPEN TABLES",
    "SHOW REPLICA STATUS", "SHOW REPLICAS", "SHOW SLAVE HOSTS", "SHOW SLAVE STATUS", "XA RECOVER")

# What the versions disagree about. Prepared, never run.
PROBES = (
    *SHOWS,
    "ALTER EVENT e DISABLE ON REPLICA", "ALTER EVENT e DISABLE ON SLAVE", "BACKUP STAGE START",
    "CHANGE MASTER 'c' TO MASTER_HOST = 'h', MASTER_USE_GTID = slave_pos, IGNORE_DOMAIN_IDS = (1)",
    "CHANGE MASTER TO MASTER_HOST = 'h' FOR CHANNEL 'c'",
    "CHANGE MASTER TO MASTER_HOST = 'h', MASTER_AUTO_POSITION = 1 FOR CHANNEL 'c'",
    "CHANGE MASTER TO MASTER_HOST = 'h', MASTER_SSL = 1",
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h', GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL 'c'",
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h', SOURCE_AUTO_POSITION = 1", "KILL CONNECTION 1",
    "KILL SOFT QUERY 1", "LOCK INSTANCE FOR BACKUP", "PURGE BINARY LOGS TO 'b'", "PURGE MASTER LOGS TO 'b'",
    "RESET BINARY LOGS AND GTIDS", "RESET MASTER", "RESET PERSIST IF EXISTS super_read_only", "RESET REPLICA ALL",
    "RESET REPLICA ALL FOR CHANNEL 'c'", "RESET SLAVE 'c' ALL", "RESET SLAVE ALL",
    "SELECT /*+ MAX_EXECUTION_TIME(9) */ 1", "SELECT 1 FROM DUAL FOR UPDATE",
    "SELECT @@global.gtid_binlog_state AS x", "SELECT @@global.gtid_executed AS x",
    "SELECT @@log_replica_updates AS x", "SELECT @@log_slave_updates AS x", "SELECT @@max_statement_time AS x",
    "SELECT @@server_uuid AS x", "SELECT @@super_read_only AS x", "SELECT @@transaction_isolation AS x",
    "SELECT @@tx_isolation AS x", "SELECT ATTRIBUTE FROM information_schema.USER_ATTRIBUTES",
    "SELECT GTID_SUBTRACT('', '') AS x", "SELECT ICU_VERSION() AS x",
    "SELECT LAST_APPLIED_TRANSACTION FROM performance_schema.replication_applier_status_by_worker",
    "SELECT LAST_SEEN_TRANSACTION FROM performance_schema.replication_applier_status_by_worker",
    "SELECT PRIV FROM mysql.global_grants", "SELECT Priv FROM mysql.global_priv",
    "SELECT SERVICE_STATE FROM performance_schema.replication_connection_status",
    "SELECT TIME_MS FROM information_schema.PROCESSLIST", "SELECT User, Super_priv FROM mysql.user",
    "SELECT WAIT_FOR_EXECUTED_GTID_SET('', 0) AS x", "SELECT e.unheard_of FROM information_schema.EVENTS e",
    "SELECT trx_schedule_weight FROM information_schema.INNODB_TRX", "SELECT x FROM information_schema.UNHEARD_OF",
    "SET GLOBAL super_read_only = 1", "SET NAMES utf8mb4, SESSION max_execution_time = 0",
    "SET PERSIST super_read_only = 1", "SET SESSION max_statement_time = 0", "SET SESSION sql_log_bin = 0",
    "SET STATEMENT max_statement_time = 1 FOR SELECT 1", "SHOW ALL REPLICAS STATUS", "SHOW MASTER LOGS",
    "SHOW REPLICA 'c' STATUS", "SHOW REPLICA HOSTS", "SHOW REPLICA STATUS FOR CHANNEL 'c'", "SHOW SLAVE 'c' STATUS",
    "START ALL SLAVES", "START REPLICA", "START REPLICA FOR CHANNEL 'c'", "START SLAVE", "START SLAVE 'c'",
    "START SLAVE FOR CHANNEL 'c'", "STOP REPLICA SQL_THREAD FOR CHANNEL 'c'", "STOP SLAVE 'c'",
    "WITH x (n) AS (SELECT 1) SELECT n FROM x", "XA RECOVER CONVERT XID",
)
UNDERSTOOD = {  # the statement was understood, and something that it needs is not there
    1046: "no database selected", 1049: "unknown database", 1295: "not as a prepared statement", 1772: "malformed GTID set"}


def answer(connection, statement):
    """The names of the columns, or the number of the error."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement)
        except pymysql.Error as error:
            return error.args[0]
        return [column[0] for column in cursor.description or ()]


def verdict(connection, statement):
    """0 when the server understands the statement, the number of its error when not. Nothing is run."""
    with connection.cursor() as cursor:
        cursor.execute("SET @judged = %s", (statement,))
        try:
            cursor.execute("PREPARE judged FROM @judged")
        except pymysql.Error as error:
            schema = re.search(r"'(\w+)\.", error.args[1])
            is_somebodys = error.args[0] == 1146 and schema is not None and schema.group(1) not in SYSTEM_TABLES
            return 0 if error.args[0] in UNDERSTOOD or is_somebodys else error.args[0]
        return 0


def record(connection):
    tables = {f"{schema}.{table}": answer(connection, f"SELECT * FROM {schema}.{table} LIMIT 0")
              for schema, names in SYSTEM_TABLES.items() for table in names}
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        version = cursor.fetchone()[0]
        cursor.execute("SHOW VARIABLES")
        variables = sorted(row[0].lower() for row in cursor.fetchall())
    return {
        "version": version,
        "shows": {statement: answer(connection, statement) for statement in SHOWS},
        "reserved": sorted(word for word in RESERVED if verdict(connection, f"SELECT 1 AS {word}") != 0),
        "tables": {name: columns for name, columns in tables.items() if isinstance(columns, list)},
        "missing_tables": {name: number for name, number in tables.items() if not isinstance(number, list)},
        "variables": variables,
        "verdicts": {statement: verdict(connection, statement) for statement in PROBES},
    }




def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--socket", required=True)
    parser.add_argument("--user", default="root")
    args = parser.parse_args()
    with contextlib.closing(pymysql.connect(unix_socket=args.socket, user=args.user, autocommit=True)) as connection:
        json.dump(record(connection), sys.stdout, indent=1, sort_keys=True)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
