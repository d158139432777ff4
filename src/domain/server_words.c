/* SPDX-License-Identifier: MIT */
/*
 * Reserved words: measured on MySQL 9.7 and MariaDB 10.5 and 11.8 by creating a column of each
 * name, dated by the manuals ("Keywords and Reserved Words", "Reserved Words"). Modes and
 * variables: the manuals' lists of what was added and removed.
 */
#include "domain/server_words.h"

#include <string.h>

#define M FLAVOUR_MYSQL
#define A FLAVOUR_MARIADB

static const struct server_word reserved[] = {
    {"CUBE", M, 80001, 0, NULL},
    {"CUME_DIST", M, 80002, 0, NULL},
    {"DENSE_RANK", M, 80002, 0, NULL},
    {"EMPTY", M, 80004, 0, NULL},
    {"EXCEPT", M, 80000, 0, NULL},
    {"EXTERNAL", M, 90400, 0, NULL},
    {"FIRST_VALUE", M, 80002, 0, NULL},
    {"FUNCTION", M, 80001, 0, NULL},
    {"GROUPING", M, 80001, 0, NULL},
    {"GROUPS", M, 80002, 0, NULL},
    {"INTERSECT", M, 80031, 0, NULL},
    {"JSON_TABLE", M, 80004, 0, NULL},
    {"LAG", M, 80002, 0, NULL},
    {"LAST_VALUE", M, 80002, 0, NULL},
    {"LATERAL", M, 80014, 0, NULL},
    {"LEAD", M, 80002, 0, NULL},
    {"LIBRARY", M, 90200, 0, NULL},
    {"MANUAL", M, 80400, 90700, NULL},
    {"NTH_VALUE", M, 80002, 0, NULL},
    {"NTILE", M, 80002, 0, NULL},
    {"OF", M, 80001, 0, NULL},
    {"OVER", M, 80002, 0, NULL},
    {"PARALLEL", M, 80400, 90700, NULL},
    {"PERCENT_RANK", M, 80002, 0, NULL},
    {"QUALIFY", M, 80400, 0, NULL},
    {"RANK", M, 80002, 0, NULL},
    {"RECURSIVE", M, 80001, 0, NULL},
    {"ROW", M, 80002, 0, NULL},
    {"ROWS", M, 80002, 0, NULL},
    {"ROW_NUMBER", M, 80002, 0, NULL},
    {"SYSTEM", M, 80003, 0, NULL},
    {"TABLESAMPLE", M, 80400, 0, NULL},
    {"WINDOW", M, 80002, 0, NULL},

    {"CURRENT_ROLE", A, 100000, 0, NULL},
    {"EXCEPT", A, 100300, 0, NULL},
    {"INTERSECT", A, 100300, 0, NULL},
    {"OFFSET", A, 100600, 0, NULL},
    {"OVER", A, 100200, 0, NULL},
    {"PAGE_CHECKSUM", A, 100000, 0, NULL},
    {"PORTION", A, 100400, 0, NULL},
    {"RECURSIVE", A, 100200, 0, NULL},
    {"REF_SYSTEM_ID", A, 100100, 0, NULL},
    {"RETURNING", A, 100000, 0, NULL},
    {"ROWS", A, 100200, 0, NULL},
    {"ROW_NUMBER", A, 100700, 0, NULL},
    {"VECTOR", A, 110701, 0, NULL},
};

/* Modes that every supported server knows have a row for each flavour without bounds. */
static const struct server_word modes[] = {
    {"ANSI", M, 0, 0, NULL},
    {"ANSI", A, 0, 0, NULL},
    {"ANSI_QUOTES", M, 0, 0, NULL},
    {"ANSI_QUOTES", A, 0, 0, NULL},
    {"ALLOW_INVALID_DATES", M, 0, 0, NULL},
    {"ALLOW_INVALID_DATES", A, 0, 0, NULL},
    {"DB2", M, 0, 80011, NULL},
    {"DB2", A, 0, 0, NULL},
    {"EMPTY_STRING_IS_NULL", A, 100300, 0, NULL},
    {"ERROR_FOR_DIVISION_BY_ZERO", M, 0, 0, NULL},
    {"ERROR_FOR_DIVISION_BY_ZERO", A, 0, 0, NULL},
    {"HIGH_NOT_PRECEDENCE", M, 0, 0, NULL},
    {"HIGH_NOT_PRECEDENCE", A, 0, 0, NULL},
    {"IGNORE_BAD_TABLE_OPTIONS", A, 0, 0, NULL},
    {"IGNORE_SPACE", M, 0, 0, NULL},
    {"IGNORE_SPACE", A, 0, 0, NULL},
    {"MAXDB", M, 0, 80011, NULL},
    {"MAXDB", A, 0, 0, NULL},
    {"MSSQL", M, 0, 80011, NULL},
    {"MSSQL", A, 0, 0, NULL},
    {"MYSQL323", M, 0, 80011, NULL},
    {"MYSQL323", A, 0, 0, NULL},
    {"MYSQL40", M, 0, 80011, NULL},
    {"MYSQL40", A, 0, 0, NULL},
    {"NO_AUTO_CREATE_USER", M, 0, 80011, NULL},
    {"NO_AUTO_CREATE_USER", A, 0, 0, NULL},
    {"NO_AUTO_VALUE_ON_ZERO", M, 0, 0, NULL},
    {"NO_AUTO_VALUE_ON_ZERO", A, 0, 0, NULL},
    {"NO_BACKSLASH_ESCAPES", M, 0, 0, NULL},
    {"NO_BACKSLASH_ESCAPES", A, 0, 0, NULL},
    {"NO_DIR_IN_CREATE", M, 0, 0, NULL},
    {"NO_DIR_IN_CREATE", A, 0, 0, NULL},
    {"NO_ENGINE_SUBSTITUTION", M, 0, 0, NULL},
    {"NO_ENGINE_SUBSTITUTION", A, 0, 0, NULL},
    {"NO_FIELD_OPTIONS", M, 0, 80011, NULL},
    {"NO_FIELD_OPTIONS", A, 0, 0, NULL},
    {"NO_KEY_OPTIONS", M, 0, 80011, NULL},
    {"NO_KEY_OPTIONS", A, 0, 0, NULL},
    {"NO_TABLE_OPTIONS", M, 0, 80011, NULL},
    {"NO_TABLE_OPTIONS", A, 0, 0, NULL},
    {"NO_UNSIGNED_SUBTRACTION", M, 0, 0, NULL},
    {"NO_UNSIGNED_SUBTRACTION", A, 0, 0, NULL},
    {"NO_ZERO_DATE", M, 0, 0, NULL},
    {"NO_ZERO_DATE", A, 0, 0, NULL},
    {"NO_ZERO_IN_DATE", M, 0, 0, NULL},
    {"NO_ZERO_IN_DATE", A, 0, 0, NULL},
    {"ONLY_FULL_GROUP_BY", M, 0, 0, NULL},
    {"ONLY_FULL_GROUP_BY", A, 0, 0, NULL},
    {"ORACLE", M, 0, 80011, NULL},
    {"ORACLE", A, 0, 0, NULL},
    {"PAD_CHAR_TO_FULL_LENGTH", M, 0, 0, NULL},
    {"PAD_CHAR_TO_FULL_LENGTH", A, 0, 0, NULL},
    {"PIPES_AS_CONCAT", M, 0, 0, NULL},
    {"PIPES_AS_CONCAT", A, 0, 0, NULL},
    {"POSTGRESQL", M, 0, 80011, NULL},
    {"POSTGRESQL", A, 0, 0, NULL},
    {"REAL_AS_FLOAT", M, 0, 0, NULL},
    {"REAL_AS_FLOAT", A, 0, 0, NULL},
    {"SIMULTANEOUS_ASSIGNMENT", A, 100305, 0, NULL},
    {"STRICT_ALL_TABLES", M, 0, 0, NULL},
    {"STRICT_ALL_TABLES", A, 0, 0, NULL},
    {"STRICT_TRANS_TABLES", M, 0, 0, NULL},
    {"STRICT_TRANS_TABLES", A, 0, 0, NULL},
    {"TIME_ROUND_FRACTIONAL", A, 100401, 0, NULL},
    {"TIME_TRUNCATE_FRACTIONAL", M, 80000, 0, NULL},
    {"TRADITIONAL", M, 0, 0, NULL},
    {"TRADITIONAL", A, 0, 0, NULL},
};

/* Gone from `from` on. */
static const struct server_word gone_variables[] = {
    {"query_cache_type", M, 80003, 0, "remove it: there is no query cache"},
    {"query_cache_size", M, 80003, 0, "remove it: there is no query cache"},
    {"query_cache_limit", M, 80003, 0, "remove it: there is no query cache"},
    {"query_cache_min_res_unit", M, 80003, 0, "remove it: there is no query cache"},
    {"query_cache_wlock_invalidate", M, 80003, 0, "remove it: there is no query cache"},
    {"log_warnings", M, 80003, 0, "use log_error_verbosity"},
    {"expire_logs_days", M, 80400, 0, "use binlog_expire_logs_seconds"},
    {"sync_frm", M, 80000, 0, "remove it: there are no .frm files"},
    {"tx_isolation", M, 80003, 0, "use transaction_isolation"},
    {"tx_read_only", M, 80003, 0, "use transaction_read_only"},
    {"innodb_file_format", M, 80000, 0, "remove it: Barracuda is the only one"},
    {"innodb_file_format_check", M, 80000, 0, "remove it"},
    {"innodb_file_format_max", M, 80000, 0, "remove it"},
    {"innodb_large_prefix", M, 80000, 0, "remove it: it is always on"},
    {"innodb_locks_unsafe_for_binlog", M, 80000, 0, "use READ COMMITTED"},
    {"innodb_support_xa", M, 80000, 0, "remove it: it is always on"},
    {"innodb_undo_logs", M, 80003, 0, "use innodb_rollback_segments"},
    {"internal_tmp_disk_storage_engine", M, 80016, 0, "remove it: InnoDB is the only one"},
    {"max_tmp_tables", M, 80003, 0, "remove it: it had no effect"},
    {"metadata_locks_cache_size", M, 80013, 0, "remove it"},
    {"multi_range_count", M, 80003, 0, "remove it: it had no effect"},
    {"old_passwords", M, 80011, 0, "remove it: choose the plugin in CREATE USER"},
    {"secure_auth", M, 80003, 0, "remove it: it is always on"},
    {"show_compatibility_56", M, 80001, 0, "remove it"},
    {"ignore_builtin_innodb", M, 80003, 0, "remove it"},
    {"ignore_db_dirs", M, 80000, 0, "remove it"},
    {"default_authentication_plugin", M, 80400, 0, "use authentication_policy"},
    {"master_info_repository", M, 80300, 0, "remove it: it is always TABLE"},
    {"relay_log_info_repository", M, 80300, 0, "remove it: it is always TABLE"},
    {"relay_log_info_file", M, 80300, 0, "remove it"},
    {"transaction_write_set_extraction", M, 80300, 0, "remove it: it is always XXHASH64"},
    {"binlog_transaction_dependency_tracking", M, 80400, 0, "remove it: it is always WRITESET"},
    {"slave_rows_search_algorithms", M, 80300, 0,
     "remove it: INDEX_SCAN,HASH_SCAN is the only one"},
    {"log_bin_use_v1_row_events", M, 80300, 0, "remove it: there is one format of row events"},
    {"avoid_temporal_upgrade", M, 80400, 0, "remove it"},
    {"show_old_temporals", M, 80400, 0, "remove it"},
    {"old", M, 80400, 0, "remove it"},
    {"new", M, 80400, 0, "remove it"},
    {"character_set_client_handshake", M, 80300, 0, "remove it, or set the client's character set"},
    {"have_openssl", M, 80400, 0, "remove it"},
    {"have_ssl", M, 80400, 0, "remove it"},
    {"innodb_log_file_size", M, 90300, 0, "use innodb_redo_log_capacity"},
    {"innodb_log_files_in_group", M, 90300, 0, "use innodb_redo_log_capacity"},
    {"replica_parallel_type", M, 90300, 0, "remove it: it is always LOGICAL_CLOCK"},
    {"group_replication_primary_member", M, 80400, 0, "read performance_schema"},
    {"mysql_native_password_proxy_users", M, 90000, 0, "remove it"},

    {"innodb_file_format", A, 100600, 0, "remove it: Barracuda is the only one"},
    {"innodb_large_prefix", A, 100600, 0, "remove it: it is always on"},
    {"innodb_log_checksums", A, 100600, 0, "remove it: it is always on"},
    {"innodb_commit_concurrency", A, 100600, 0, "remove it"},
    {"innodb_concurrency_tickets", A, 100600, 0, "remove it"},
    {"innodb_thread_concurrency", A, 100600, 0, "remove it"},
    {"innodb_replication_delay", A, 100600, 0, "remove it"},
    {"innodb_sync_array_size", A, 100600, 0, "remove it"},
    {"innodb_thread_sleep_delay", A, 100600, 0, "remove it"},
    {"innodb_adaptive_max_sleep_delay", A, 100600, 0, "remove it"},
    {"innodb_undo_logs", A, 100600, 0, "remove it"},
    {"innodb_scrub_log", A, 100600, 0, "remove it"},
    {"innodb_buffer_pool_instances", A, 100600, 0, "remove it: there is one"},
    {"innodb_page_cleaners", A, 100600, 0, "remove it: there is one"},
    {"innodb_log_files_in_group", A, 100600, 0, "remove it: there is one"},
    {"innodb_log_optimize_ddl", A, 100600, 0, "remove it"},
    {"innodb_change_buffering", A, 110000, 0, "remove it: there is no change buffer"},
    {"innodb_change_buffer_max_size", A, 110000, 0, "remove it: there is no change buffer"},
    {"innodb_defragment", A, 110100, 0, "remove it: OPTIMIZE TABLE does it"},
    {"old_alter_table", A, 110200, 0, "use alter_algorithm"},
    {"wsrep_replicate_myisam", A, 100600, 0, "use wsrep_mode"},
    {"wsrep_strict_ddl", A, 100600, 0, "use wsrep_mode"},
    {"debug_no_thread_alarm", A, 110500, 0, "remove it"},
};

/* What to do where a plugin does not exist. */
static const struct server_word gone_plugins[] = {
    {"mysql_native_password", M, 80400, 0,
     "ALTER USER ... IDENTIFIED WITH caching_sha2_password BY '...' and test every client's "
     "connector; 8.4 has it still, with mysql_native_password=ON, 9.0 has not"},
    {"mysql_old_password", M, 50705, 0, "give the accounts new passwords"},
    {"sha256_password", A, 0, 0, "IDENTIFIED VIA ed25519 or mysql_native_password on MariaDB"},
    {"caching_sha2_password", A, 0, 0,
     "IDENTIFIED VIA ed25519 or mysql_native_password on MariaDB, which needs the passwords"},
    {"caching_sha2_password", M, 0, 80003,
     "IDENTIFIED WITH mysql_native_password BY '...' for as long as the way back is open"},
    {"ed25519", M, 0, 0,
     "IDENTIFIED WITH caching_sha2_password BY '...', which needs the passwords"},
    {"ed25519", A, 0, 0, "INSTALL SONAME 'auth_ed25519' there"},
    {"parsec", A, 0, 0, "INSTALL SONAME 'auth_parsec' there; before 11.6: another plugin"},
    {"unix_socket", M, 0, 0, "INSTALL PLUGIN auth_socket and name it in CREATE USER"},
    {"auth_socket", M, 0, 0, "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so' there"},
    {"auth_socket", A, 0, 0, "IDENTIFIED VIA unix_socket"},
};

const struct server_word *reserved_words(size_t *out_count)
{
    *out_count = ARRAY_LEN(reserved);
    return reserved;
}

static bool fits(const struct server_word *row, const char *word,
                 const struct server_version *version)
{
    unsigned number = version_number(version);
    return row->flavour == version->flavour && number >= row->from &&
           (row->below == 0 || number < row->below) && strcasecmp(row->word, word) == 0;
}

static const struct server_word *find(const struct server_word *rows, size_t count,
                                      const char *word, const struct server_version *version)
{
    for (size_t i = 0; i < count; i++)
        if (fits(&rows[i], word, version))
            return &rows[i];
    return NULL;
}

bool word_is_reserved(const char *word, const struct server_version *version)
{
    return find(reserved, ARRAY_LEN(reserved), word, version) != NULL;
}

enum tri sql_mode_is_known(const char *mode, const struct server_version *version)
{
    if (find(modes, ARRAY_LEN(modes), mode, version) != NULL)
        return TRI_YES;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (strcasecmp(modes[i].word, mode) == 0)
            return TRI_NO;
    return TRI_UNKNOWN;
}

const char *variable_instead(const char *name, const struct server_version *version)
{
    const struct server_word *row = find(gone_variables, ARRAY_LEN(gone_variables), name, version);
    return row == NULL ? NULL : row->instead;
}

const char *plugin_instead(const char *plugin, const struct server_version *version)
{
    const struct server_word *row = find(gone_plugins, ARRAY_LEN(gone_plugins), plugin, version);
    return row == NULL ? NULL : row->instead;
}
