# SPDX-License-Identifier: MIT
"""Record what a real server answers, so that the scripted dialects can be held against it.

    python3 -m tests.lab.dialects.record --socket PATH > tests/lab/dialects/recorded/mysql-9.7.json

Reads only: tables are described, statements are prepared and never run, apart from SHOW and SELECT.
"""

import argparse
import contextlib
import json
import sys

import pymysql

SYSTEM_TABLES = {
    "information_schema": (
        "APPLICABLE_ROLES", "CHARACTER_SETS", "CHECK_CONSTRAINTS", "COLLATIONS",
        "COLLATION_CHARACTER_SET_APPLICABILITY", "COLUMNS", "ENGINES", "EVENTS", "GLOBAL_STATUS", "GLOBAL_VARIABLES",
        "INNODB_TRX", "KEYWORDS", "KEY_COLUMN_USAGE", "PARAMETERS", "PARTITIONS", "PLUGINS", "PROCESSLIST",
        "REFERENTIAL_CONSTRAINTS", "ROUTINES", "SCHEMATA", "SCHEMA_PRIVILEGES", "SESSION_VARIABLES", "SLAVE_STATUS",
        "STATISTICS", "SYSTEM_VARIABLES", "TABLES", "TABLE_CONSTRAINTS", "TABLE_PRIVILEGES", "TRIGGERS",
        "USER_ATTRIBUTES", "USER_PRIVILEGES", "VIEWS"),
    "mysql": (
        "columns_priv", "component", "db", "default_roles", "event", "global_grants", "global_priv", "gtid_executed",
        "gtid_slave_pos", "plugin", "proc", "procs_priv", "proxies_priv", "role_edges", "roles_mapping",
        "slave_master_info", "slave_relay_log_info", "tables_priv", "time_zone_name", "user"),
    "performance_schema": (
        "clone_progress", "clone_status", "data_lock_waits", "data_locks", "error_log", "events_statements_current",
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
            return 0 if error.args[0] == 1295 else error.args[0]  # 1295: well said, but not as a prepared statement
        cursor.execute("DEALLOCATE PREPARE judged")
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
        "tables": {name: columns for name, columns in tables.items() if isinstance(columns, list)},
        "missing_tables": {name: number for name, number in tables.items() if not isinstance(number, list)},
        "variables": variables,
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
