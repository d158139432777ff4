# SPDX-License-Identifier: MIT
"""Which version came with which table, column, variable and function.

The servers that were recorded are the truth; what an older server lacks is written here, each with the page of its
manual. What is not written here does not exist: a statement that needs it is refused, and the entry is to be added.
Sources: refman-5.7, -8.0, -8.4 are dev.mysql.com/doc/refman/X/en/; kb is mariadb.com/kb/en/.
"""

from functools import cache

from .versions import EVERYWHERE, fits, mariadb, mysql, number

# --- columns of system tables --------------------------------------------------------------------------------------

# {table: {column: the MySQL version that came with it}}; a table's own version stands under "".
_MYSQL_SINCE = {
    # refman-8.0 performance-schema-replication-connection-configuration-table.html; refman-5.7 the same page
    "performance_schema.replication_connection_configuration": {
        "PUBLIC_KEY_PATH": "8.0.4", "GET_PUBLIC_KEY": "8.0.4", "COMPRESSION_ALGORITHM": "8.0.18",
        "ZSTD_COMPRESSION_LEVEL": "8.0.18", "TLS_CIPHERSUITES": "8.0.19", "NETWORK_NAMESPACE": "8.0.22",
        "SOURCE_CONNECTION_AUTO_FAILOVER": "8.0.22", "GTID_ONLY": "8.0.27"},
    # refman-8.0 performance-schema-replication-connection-status-table.html; 5.7 has nothing of single transactions
    "performance_schema.replication_connection_status": {
        f"{which}_TRANSACTION{part}": "8.0.1" for which in ("LAST_QUEUED", "QUEUEING") for part in (
            "", "_ORIGINAL_COMMIT_TIMESTAMP", "_IMMEDIATE_COMMIT_TIMESTAMP", "_START_QUEUE_TIMESTAMP",
            "_END_QUEUE_TIMESTAMP")},
    # refman-8.0 performance-schema-replication-applier-configuration-table.html
    "performance_schema.replication_applier_configuration": {
        "PRIVILEGE_CHECKS_USER": "8.0.18", "REQUIRE_ROW_FORMAT": "8.0.19", "REQUIRE_TABLE_PRIMARY_KEY_CHECK": "8.0.20",
        "ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS_TYPE": "8.0.23",
        "ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS_VALUE": "8.0.23"},
    # refman-8.0 performance-schema-replication-applier-status-by-coordinator-table.html
    "performance_schema.replication_applier_status_by_coordinator": {
        f"{which}_TRANSACTION{part}": "8.0.1" for which in ("LAST_PROCESSED", "PROCESSING") for part in (
            "", "_ORIGINAL_COMMIT_TIMESTAMP", "_IMMEDIATE_COMMIT_TIMESTAMP", "_START_BUFFER_TIMESTAMP",
            "_END_BUFFER_TIMESTAMP")},
    # refman-8.0 performance-schema-replication-applier-status-by-worker-table.html; retries: release notes 8.0.13
    "performance_schema.replication_applier_status_by_worker": {
        **{f"{which}_TRANSACTION{part}": "8.0.1" for which in ("LAST_APPLIED", "APPLYING") for part in (
            "", "_ORIGINAL_COMMIT_TIMESTAMP", "_IMMEDIATE_COMMIT_TIMESTAMP", "_START_APPLY_TIMESTAMP",
            "_END_APPLY_TIMESTAMP")},
        **{f"{which}_TRANSACTION_{part}": "8.0.13" for which in ("LAST_APPLIED", "APPLYING") for part in (
            "RETRIES_COUNT", "LAST_TRANSIENT_ERROR_NUMBER", "LAST_TRANSIENT_ERROR_MESSAGE",
            "LAST_TRANSIENT_ERROR_TIMESTAMP")}},
    # refman-8.0 performance-schema-replication-group-members-table.html
    "performance_schema.replication_group_members": {
        "MEMBER_ROLE": "8.0.3", "MEMBER_VERSION": "8.0.3", "MEMBER_COMMUNICATION_STACK": "8.0.27"},
    # refman-8.0 performance-schema-replication-group-member-stats-table.html
    "performance_schema.replication_group_member_stats": {
        "COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE": "8.0.3", "COUNT_TRANSACTIONS_REMOTE_APPLIED": "8.0.3",
        "COUNT_TRANSACTIONS_LOCAL_PROPOSED": "8.0.3", "COUNT_TRANSACTIONS_LOCAL_ROLLBACK": "8.0.3"},
    "performance_schema.replication_applier_filters": {"": "8.0.1"},         # refman-8.0, its own page; not in 5.7
    "performance_schema.replication_applier_global_filters": {"": "8.0.1"},  # refman-8.0, its own page; not in 5.7
    "performance_schema.replication_asynchronous_connection_failover": {"": "8.0.22", "MANAGED_NAME": "8.0.23"},
    "performance_schema.processlist": {"": "8.0.22", "EXECUTION_ENGINE": "8.0.29"},  # performance-schema-processlist-table.html
    "performance_schema.data_locks": {"": "8.0.1"},            # performance-schema-data-locks-table.html
    "performance_schema.data_lock_waits": {"": "8.0.1"},       # performance-schema-data-lock-waits-table.html
    "performance_schema.error_log": {"": "8.0.22"},            # performance-schema-error-log-table.html
    "performance_schema.log_status": {"": "8.0.11"},           # performance-schema-log-status-table.html
    "performance_schema.persisted_variables": {"": "8.0.1"},   # performance-schema-persisted-variables-table.html
    "performance_schema.variables_info": {"": "8.0.1"},        # performance-schema-variables-info-table.html
    "performance_schema.metadata_locks": {"COLUMN_NAME": "8.0.11"},
    # refman-8.0 performance-schema-threads-table.html
    "performance_schema.threads": {
        "RESOURCE_GROUP": "8.0.3", "EXECUTION_ENGINE": "8.0.29", "CONTROLLED_MEMORY": "8.0.31",
        "MAX_CONTROLLED_MEMORY": "8.0.31", "TOTAL_MEMORY": "8.0.31", "MAX_TOTAL_MEMORY": "8.0.31",
        "TELEMETRY_ACTIVE": "8.1"},
    "information_schema.APPLICABLE_ROLES": {"": "8.0.19"},     # information-schema-applicable-roles-table.html
    "information_schema.CHECK_CONSTRAINTS": {"": "8.0.16"},    # information-schema-check-constraints-table.html
    "information_schema.COLLATIONS": {"PAD_ATTRIBUTE": "8.0.1"},
    "information_schema.COLUMNS": {"SRS_ID": "8.0.3"},
    "information_schema.COLUMN_STATISTICS": {"": "8.0.2"},     # information-schema-column-statistics-table.html
    "information_schema.INNODB_TABLES": {"": "8.0.3"},         # refman-8.0 information-schema-innodb-tables-table.html
    "information_schema.INNODB_TABLESPACES": {"": "8.0.3"},    # refman-8.0 information-schema-innodb-tablespaces-table.html
    "information_schema.INNODB_TRX": {"trx_schedule_weight": "8.0.20"},  # information-schema-innodb-trx-table.html
    "information_schema.KEYWORDS": {"": "8.0.13"},             # information-schema-keywords-table.html
    "information_schema.SCHEMATA": {"DEFAULT_ENCRYPTION": "8.0.16"},
    "information_schema.STATISTICS": {"IS_VISIBLE": "8.0.1", "EXPRESSION": "8.0.13"},
    "information_schema.TABLE_CONSTRAINTS": {"ENFORCED": "8.0.16"},
    "information_schema.USER_ATTRIBUTES": {"": "8.0.21"},      # information-schema-user-attributes-table.html
    # refman-8.0 grant-tables.html
    "mysql.component": {"": "8.0.1"},
    "mysql.default_roles": {"": "8.0.1"},
    "mysql.global_grants": {"": "8.0.1"},
    "mysql.role_edges": {"": "8.0.1"},
    "mysql.gtid_executed": {"gtid_tag": "8.3"},
    "mysql.user": {
        "Create_role_priv": "8.0.1", "Drop_role_priv": "8.0.1", "Password_reuse_history": "8.0.3",
        "Password_reuse_time": "8.0.3", "Password_require_current": "8.0.13", "User_attributes": "8.0.14"},
}
# What newer servers no longer have: {table: (columns, the version without it)}.
_MYSQL_GONE = {
    # refman-5.7 information-schema-innodb-sys-tables-table.html, information-schema-innodb-sys-tablespaces-table.html
    "information_schema.INNODB_SYS_TABLES": (
        "TABLE_ID NAME FLAG N_COLS SPACE FILE_FORMAT ROW_FORMAT ZIP_PAGE_SIZE SPACE_TYPE", "8.0.3"),
    "information_schema.INNODB_SYS_TABLESPACES": (
        "SPACE NAME FLAG FILE_FORMAT ROW_FORMAT PAGE_SIZE ZIP_PAGE_SIZE SPACE_TYPE FS_BLOCK_SIZE FILE_SIZE ALLOCATED_SIZE",
        "8.0.3"),
    "mysql.event": ("db name body definer execute_at interval_value interval_field status", "8.0.1"),
    "mysql.proc": ("db name type definer body", "8.0.1"),
    "performance_schema.replication_applier_status_by_worker": ("LAST_SEEN_TRANSACTION", "8.0.1"),
}
# Tables of plugins, which no recorded server had loaded: {table: (columns, the MySQL version that came with them)}.
_MYSQL_PLUGINS = {
    # refman-8.0 performance-schema-clone-status-table.html, performance-schema-clone-progress-table.html
    "performance_schema.clone_status": (
        "ID PID STATE BEGIN_TIME END_TIME SOURCE DESTINATION ERROR_NO ERROR_MESSAGE BINLOG_FILE BINLOG_POSITION"
        " GTID_EXECUTED", "8.0.17"),
    "performance_schema.clone_progress": (
        "ID STAGE STATE BEGIN_TIME END_TIME THREADS ESTIMATE DATA NETWORK DATA_SPEED NETWORK_SPEED", "8.0.17"),
}
# Between the recorded MariaDB servers; what the recording of the next newer server has and these do not.
_MARIADB_SINCE = {
    "information_schema.SLAVE_STATUS": {"": "11.6"},                # kb/information-schema-slave_status-table
    "information_schema.COLLATIONS": {"COMMENT": "11.4.5"},         # kb/information-schema-collations-table
    "information_schema.COLUMNS": {"IS_SYSTEM_TIME_PERIOD_START": "11.4.1", "IS_SYSTEM_TIME_PERIOD_END": "11.4.1"},
    "information_schema.PROCESSLIST": {"SENT_ROWS": "11.3", "TMP_SPACE_USED": "11.5"},  # kb/…-processlist-table
    "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY": {
        "FULL_COLLATION_NAME": "10.10.1", "ID": "10.10.1", "IS_DEFAULT": "10.10.1"},
    # release notes 10.6.0, MDEV-20220: the replication tables got their columns; MDEV-25075: IGNORED
    "performance_schema.replication_applier_status_by_worker": {"": "10.6"},
    "performance_schema.replication_applier_status_by_coordinator": {
        "LAST_SEEN_TRANSACTION": "10.6", "LAST_TRANS_RETRY_COUNT": "10.6"},
    "performance_schema.replication_connection_configuration": {
        "USING_GTID": "10.6", "IGNORE_SERVER_IDS": "10.6", "REPL_DO_DOMAIN_IDS": "10.6", "REPL_IGNORE_DOMAIN_IDS": "10.6"},
    "information_schema.STATISTICS": {"IGNORED": "10.6"},
    "information_schema.INNODB_SYS_TABLESPACES": {"FILENAME": "10.6"},  # release notes 10.6.0, MDEV-22343
    "mysql.db": {"Show_create_routine_priv": "11.3"},               # kb/grant: SHOW CREATE ROUTINE
}


def columns(server, table):
    """The columns of a system table, None when this server has no such table."""
    if table in _MYSQL_PLUGINS:
        names, first = _MYSQL_PLUGINS[table]
        return names.split() if fits(mysql(first), server) else None
    since = (_MYSQL_SINCE if server.flavour == "mysql" else _MARIADB_SINCE).get(table, {})
    if server.is_recorded:
        since = {}
    gone, below = _MYSQL_GONE.get(table, ("", "0")) if server.flavour == "mysql" else ("", "0")
    lost = gone.split() if server.number < number(below) else []
    recorded = server.recorded["tables"].get(table)
    if recorded is None or server.number < number(since.get("", "0")):
        return lost or None
    return [column for column in recorded if server.number >= number(since.get(column, "0"))] + lost


@cache
def tables(server):
    """{"schema.table": its columns} of everything that this server has and the recordings know."""
    names = {*server.recorded["tables"], *(_MYSQL_GONE if server.flavour == "mysql" else ()), *_MYSQL_PLUGINS}
    known = {name: columns(server, name) for name in sorted(names)}
    return {name: found for name, found in known.items() if found is not None}


# --- columns of SHOW -----------------------------------------------------------------------------------------------

# 8.0.22 gave SHOW REPLICA STATUS its names (release notes 8.0.22); SHOW SLAVE STATUS keeps the older ones while it lives.
_OLD_NAMES = (("Replica", "Slave"), ("Source", "Master"))
_STATUS_SINCE = {  # refman-8.0 show-replica-status.html; refman-5.7 show-slave-status.html ends with Master_TLS_Version
    "Source_public_key_path": "8.0.4", "Get_Source_public_key": "8.0.4", "Network_Namespace": "8.0.22"}
_ODD_OLD_NAMES = {"Get_Source_public_key": "Get_master_public_key"}


def old_name(column):
    """Replica_IO_Running -> Slave_IO_Running: what a column of SHOW REPLICA STATUS was called before."""
    if column in _ODD_OLD_NAMES:
        return _ODD_OLD_NAMES[column]
    if column.startswith("Replicate_"):  # a filter: these have one name
        return column
    for new, old in _OLD_NAMES:
        column = column.replace(new, old)
    return column


def status_columns(server, is_old_statement):
    """SHOW SLAVE STATUS (or, in MariaDB, SHOW ALL SLAVES STATUS) or SHOW REPLICA STATUS."""
    if server.flavour == "mariadb":
        found = list(server.recorded["shows"]["SHOW ALL SLAVES STATUS"])
        since = {"Replicate_Rewrite_DB": "10.11", "Master_last_event_time": "11.6", "Slave_last_event_time": "11.6",
                 "Master_Slave_time_diff": "11.6"}  # kb/show-replica-status
        return [name for name in found if server.number >= number(since.get(name, "0"))]
    found = [name for name in server.recorded["shows"]["SHOW REPLICA STATUS"]
             if server.number >= number(_STATUS_SINCE.get(name, "0"))]
    return [old_name(name) for name in found] if is_old_statement else found


def hosts_columns(is_old_statement):
    """MySQL's SHOW REPLICAS and SHOW SLAVE HOSTS; refman-5.7 show-slave-hosts.html."""
    if is_old_statement:
        return ["Server_id", "Host", "Port", "Master_id", "Slave_UUID"]
    return ["Server_Id", "Host", "Port", "Source_Id", "Replica_UUID"]


# --- variables -----------------------------------------------------------------------------------------------------

def _everywhere(names):
    return {name: EVERYWHERE for name in names.split()}


_PLUGIN_ONLY = ()  # a variable of a plugin that MySQL does not load by itself

VARIABLES = {
    **_everywhere(
        "version version_comment server_id read_only log_bin log_slave_updates binlog_format binlog_row_image"
        " binlog_checksum event_scheduler auto_increment_increment auto_increment_offset sql_mode character_set_server"
        " character_set_client character_set_connection character_set_results character_set_database"
        " collation_server collation_connection collation_database time_zone system_time_zone lock_wait_timeout"
        " innodb_lock_wait_timeout wait_timeout interactive_timeout net_write_timeout net_read_timeout autocommit"
        " sql_log_bin foreign_key_checks unique_checks group_concat_max_len lower_case_table_names hostname port"
        " explicit_defaults_for_timestamp max_allowed_packet timestamp default_storage_engine performance_schema"
        " innodb_default_row_format innodb_strict_mode slave_net_timeout slave_type_conversions slave_exec_mode"
        " slave_parallel_workers report_host sql_safe_updates sql_auto_is_null datadir basedir socket tls_version"
        " sql_slave_skip_counter innodb_read_only profiling log_bin_trust_function_creators"
        " version_compile_os version_compile_machine innodb_page_size"),
    # refman-5.7 replication-options-gtids.html, server-system-variables.html
    **{name: mysql("5.7") for name in (
        "server_uuid gtid_mode enforce_gtid_consistency gtid_executed gtid_purged gtid_next gtid_owned super_read_only"
        " max_execution_time offline_mode session_track_gtids slave_preserve_commit_order"
        " binlog_rows_query_log_events").split()},
    "require_secure_transport": EVERYWHERE,       # refman-5.7 server-system-variables.html; kb: 10.5.2
    "binlog_row_metadata": mysql("8.0.1") + mariadb("10.5"),      # refman-8.0 replication-options-binary-log.html
    "binlog_expire_logs_seconds": mysql("8.0.1") + mariadb("10.6"),
    "expire_logs_days": mysql(below="8.4") + mariadb(),           # refman-8.4 added-deprecated-removed.html
    "binlog_row_value_options": mysql("8.0.3"),
    "binlog_transaction_compression": mysql("8.0.20"),
    "binlog_transaction_dependency_tracking": mysql("5.7.22", "8.4"),  # refman-8.4 mysql-nutshell.html, "removed"
    "log_bin_compress": mariadb(),
    "binlog_row_event_max_size": mysql("8.0.14") + mariadb("11.2.3"),
    "binlog_gtid_index": mariadb("11.4"),
    # refman-8.0 replication-options-replica.html: the names with "replica" came with 8.0.26
    "log_replica_updates": mysql("8.0.26"),
    "replica_parallel_workers": mysql("8.0.26"),
    "replica_preserve_commit_order": mysql("8.0.26"),
    "replica_net_timeout": mysql("8.0.26"),
    "replica_exec_mode": mysql("8.0.26"),
    "replica_type_conversions": mysql("8.0.26"),
    "sql_replica_skip_counter": mysql("8.0.26"),
    "replica_parallel_type": mysql("8.0.26", "9.0"),
    "slave_parallel_type": mysql("5.7", "9.0"),
    "slave_parallel_threads": mariadb(),
    # semi-synchronous replication: a plugin in MySQL that nobody loads unasked, built into MariaDB
    "rpl_semi_sync_master_enabled": mariadb(),
    "rpl_semi_sync_slave_enabled": mariadb(),
    "rpl_semi_sync_source_enabled": _PLUGIN_ONLY,
    "rpl_semi_sync_replica_enabled": _PLUGIN_ONLY,
    # refman-5.7 server-system-variables.html: transaction_isolation from 5.7.20, tx_isolation until 8.0.3; kb: 11.1
    "transaction_isolation": mysql("5.7.20") + mariadb("11.1"),
    "transaction_read_only": mysql("5.7.20") + mariadb("11.1"),
    "tx_isolation": mysql(below="8.0.3") + mariadb(),
    "tx_read_only": mysql(below="8.0.3") + mariadb(),
    "max_statement_time": mariadb(),
    "information_schema_stats_expiry": mysql("8.0.3"),
    "default_authentication_plugin": mysql(below="8.4"),
    "authentication_policy": mysql("8.0.27"),
    "have_ssl": mysql(below="8.4") + mariadb(),
    "have_openssl": mysql(below="8.4") + mariadb(),
    "show_create_table_skip_secondary_engine": mysql("8.0.18"),
    "show_gipk_in_create_table_and_information_schema": mysql("8.0.30"),
    "clone_valid_donor_list": mysql("8.0.17"),  # of the clone plugin
    "clone_max_data_bandwidth": mysql("8.0.17"),
    "clone_max_network_bandwidth": mysql("8.0.17"),
    "check_constraint_checks": mariadb(),
    "default_collation_for_utf8mb4": mysql("8.0.11"),
    "default_table_encryption": mysql("8.0.16"),
    "partial_revokes": mysql("8.0.16"),
    "mandatory_roles": mysql("8.0.2"),  # refman-8.0 server-system-variables.html
    "sql_require_primary_key": mysql("8.0.13"),
    "sql_generate_invisible_primary_key": mysql("8.0.30"),
    "print_identified_with_as_hex": mysql("8.0.17"),
    "restrict_fk_on_non_standard_key": mysql("8.4"),
    "resultset_metadata": mysql("8.0.3"),
    "original_commit_timestamp": mysql("8.0.1"),
    "immediate_server_version": mysql("8.0.14"),
    "query_cache_type": mysql(below="8.0.3") + mariadb(),
    "query_cache_size": mysql(below="8.0.3") + mariadb(),
    "secure_auth": mysql(below="8.0.3") + mariadb(),
    "show_old_temporals": mysql(below="8.4"),
    "internal_tmp_disk_storage_engine": mysql("5.7", "8.0.16"),
    "old_passwords": mysql(below="8.0.11") + mariadb(),
    "skip_replica_start": mysql("8.0.26"),
    **{name: mariadb() for name in (
        "gtid_domain_id gtid_binlog_pos gtid_binlog_state gtid_slave_pos gtid_current_pos gtid_strict_mode"
        " gtid_ignore_duplicates default_master_connection in_transaction old_mode wsrep_on slave_run_triggers_for_rbr"
        " system_versioning_alter_history sql_if_exists").split()},
    "character_set_collations": mariadb("11.2"),
    "max_tmp_tables": mysql(below="8.0.3") + mariadb(below="11.4"),
}


def has_variable(server, name):
    return fits(VARIABLES.get(name, ()), server)


# --- functions -----------------------------------------------------------------------------------------------------

# Only what is not the same everywhere; refman-8.0 built-in-function-reference.html, kb/built-in-functions
FUNCTIONS = {
    "ANY_VALUE": mysql("5.7.5"),
    "BIN_TO_UUID": mysql("8.0.1"), "UUID_TO_BIN": mysql("8.0.1"),
    "CURRENT_ROLE": mysql("8.0.1") + mariadb(),
    "FORMAT_BYTES": mysql("8.0.16"), "PS_CURRENT_THREAD_ID": mysql("8.0.16"), "PS_THREAD_ID": mysql("8.0.16"),
    "GROUPING": mysql("8.0.1"),
    "GTID_SUBSET": mysql("5.6"), "GTID_SUBTRACT": mysql("5.6"), "WAIT_FOR_EXECUTED_GTID_SET": mysql("5.7.5"),
    "ICU_VERSION": mysql("8.0.4"),
    "JSON_OVERLAPS": mysql("8.0.17") + mariadb("10.9"),
    "JSON_TABLE": mysql("8.0.4") + mariadb("10.6"),
    "JSON_VALUE": mysql("8.0.21") + mariadb(),
    "JSON_KEYS": mysql("5.7.8") + mariadb(), "JSON_CONTAINS": mysql("5.7.8") + mariadb(),
    "JSON_EXTRACT": mysql("5.7.8") + mariadb(), "JSON_UNQUOTE": mysql("5.7.8") + mariadb(),
    "MASTER_GTID_WAIT": mariadb(), "BINLOG_GTID_POS": mariadb(),
    "REGEXP_LIKE": mysql("8.0.4"),
    "REGEXP_INSTR": mysql("8.0.4") + mariadb(), "REGEXP_REPLACE": mysql("8.0.4") + mariadb(),
    "REGEXP_SUBSTR": mysql("8.0.4") + mariadb(),
    "ROW_NUMBER": mysql("8.0.2") + mariadb(), "RANK": mysql("8.0.2") + mariadb(), "LAG": mysql("8.0.2") + mariadb(),
    "SOURCE_POS_WAIT": mysql("8.0.26"),
    "STATEMENT_DIGEST": mysql("8.0.4"),
    "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS": mysql("5.6", "8.0.18"),
}


def has_function(server, name):
    return fits(FUNCTIONS.get(name.upper(), EVERYWHERE), server)


# --- reserved words ------------------------------------------------------------------------------------------------

# Words that a column may not be called without backquotes, as far as versions differ; refman-8.0 keywords.html ("added
# in 8.0.x; reserved"), refman-8.4 and -9.x the same page; kb/reserved-words
RESERVED = {
    "CUBE": mysql("8.0.1"), "CUME_DIST": mysql("8.0.2"), "DENSE_RANK": mysql("8.0.2"), "EMPTY": mysql("8.0.4"),
    "EXCEPT": mysql("8.0.1") + mariadb(), "FIRST_VALUE": mysql("8.0.2"), "FUNCTION": mysql("8.0.1"),
    "GROUPING": mysql("8.0.1"), "GROUPS": mysql("8.0.2"), "INTERSECT": mysql("8.0.31") + mariadb(),
    "JSON_TABLE": mysql("8.0.4"), "LAG": mysql("8.0.2"), "LAST_VALUE": mysql("8.0.2"), "LATERAL": mysql("8.0.14"),
    "LEAD": mysql("8.0.2"), "NTH_VALUE": mysql("8.0.2"), "NTILE": mysql("8.0.2"), "OF": mysql("8.0.1"),
    "OVER": mysql("8.0.2") + mariadb(), "PERCENT_RANK": mysql("8.0.2"), "RANK": mysql("8.0.2"),
    "RECURSIVE": mysql("8.0.1") + mariadb(), "ROW_NUMBER": mysql("8.0.2") + mariadb("10.7"), "SYSTEM": mysql("8.0.3"),
    "WINDOW": mysql("8.0.2"), "QUALIFY": mysql("8.4"),
    "TABLESAMPLE": mysql("8.4"), "LIBRARY": mysql("9.2"), "ROWS": mysql("8.0.2") + mariadb(),
    "ROW": mysql("8.0.2"), "OFFSET": mariadb("10.6"), "DO_DOMAIN_IDS": mariadb(), "IGNORE_DOMAIN_IDS": mariadb(),
    "RETURNING": mariadb(), "STATS_PERSISTENT": mariadb(),
    "DATABASE": mysql() + mariadb(below="10.6"), "SCHEMA": mysql() + mariadb(below="10.6"), "OPTION": mysql(),
    **{word: EVERYWHERE for word in (
        "ACCESSIBLE ADD ALL ALTER AND AS ASC BEFORE BETWEEN BOTH BY CALL CASCADE CASE CHANGE CHARACTER CHECK COLLATE"
        " COLUMN CONDITION CONSTRAINT CONTINUE CONVERT CREATE CROSS CURSOR DATABASES DEC DECLARE DEFAULT"
        " DELAYED DELETE DESC DESCRIBE DISTINCT DIV DROP DUAL EACH ELSE EXISTS EXIT EXPLAIN FALSE FETCH FOR FORCE"
        " FOREIGN FROM FULLTEXT GRANT GROUP HAVING IF IGNORE IN INDEX INNER INOUT INSERT INT INTERVAL INTO IS ITERATE"
        " JOIN KEY KEYS KILL LEADING LEAVE LEFT LIKE LIMIT LINEAR LINES LOAD LOCK LONG LOOP MATCH MOD NATURAL NOT NULL"
        " ON OPTIMIZE OR ORDER OUT OUTER PARTITION PRECISION PRIMARY PROCEDURE PURGE RANGE READ READS"
        " REFERENCES REGEXP RELEASE RENAME REPEAT REPLACE REQUIRE RESTRICT RETURN REVOKE RIGHT RLIKE SCHEMAS"
        " SELECT SEPARATOR SET SHOW SIGNAL SPATIAL SQL SSL STARTING TABLE TERMINATED THEN TO TRAILING TRIGGER TRUE"
        " UNDO UNION UNIQUE UNLOCK UNSIGNED UPDATE USAGE USE USING VALUES VARYING WHEN WHERE WHILE WITH WRITE XOR"
        " YEAR_MONTH ZEROFILL").split()},
}


def is_reserved(server, word):
    return fits(RESERVED.get(word.upper(), ()), server)
