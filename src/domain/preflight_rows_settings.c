/* SPDX-License-Identifier: MIT */
/* Settings that should be alike on both sides, or have one value. */
#include <stdlib.h>
#include <string.h>

#include "domain/preflight_settings.h"

#define APPLIERS_ENOUGH 8

/* --- settings that should be equal ------------------------------------------------------------ */

static const struct equal {
    const char *check;
    const char *names[2]; /* the first that a server has counts */
    enum severity severity;
    bool is_fixed; /* when the data directory was made */
} equals[] = {
    {"upgrade.table_names", {"lower_case_table_names"}, SEVERITY_BLOCK, true},
    {"upgrade.page_size", {"innodb_page_size"}, SEVERITY_WARN, true},
    {"upgrade.default_row_format", {"innodb_default_row_format"}, SEVERITY_WARN, false},
    {"upgrade.timestamps", {"explicit_defaults_for_timestamp"}, SEVERITY_WARN, false},
    {"upgrade.default_plugin",
     {"authentication_policy", "default_authentication_plugin"},
     SEVERITY_NOTE,
     false},
    {"upgrade.group_concat", {"group_concat_max_len"}, SEVERITY_WARN, false},
    {"upgrade.isolation", {"transaction_isolation", "tx_isolation"}, SEVERITY_WARN, false},
    {"upgrade.innodb_strict", {"innodb_strict_mode"}, SEVERITY_WARN, false},
    {"accounts.privileges", {"partial_revokes"}, SEVERITY_WARN, false},
    {"accounts.privileges", {"activate_all_roles_on_login"}, SEVERITY_WARN, false},
    {"tables.invisible_keys", {"sql_generate_invisible_primary_key"}, SEVERITY_WARN, false},
    {"settings.commit", {"autocommit"}, SEVERITY_WARN, false},
    {"settings.commit", {"completion_type"}, SEVERITY_WARN, false},
    {"settings.commit", {"innodb_rollback_on_timeout"}, SEVERITY_WARN, false},
    {"settings.commit", {"transaction_read_only", "tx_read_only"}, SEVERITY_WARN, false},
    {"settings.answers", {"div_precision_increment"}, SEVERITY_WARN, false},
    {"settings.answers", {"default_week_format"}, SEVERITY_WARN, false},
    {"settings.answers", {"lc_time_names"}, SEVERITY_WARN, false},
    {"settings.answers", {"sql_auto_is_null"}, SEVERITY_WARN, false},
    {"settings.answers", {"sql_select_limit"}, SEVERITY_WARN, false},
    {"settings.answers", {"sql_safe_updates"}, SEVERITY_WARN, false},
    {"settings.timeouts", {"wait_timeout"}, SEVERITY_WARN, false},
    {"settings.timeouts", {"interactive_timeout"}, SEVERITY_WARN, false},
    {"settings.timeouts", {"lock_wait_timeout"}, SEVERITY_WARN, false},
    {"settings.timeouts", {"innodb_lock_wait_timeout"}, SEVERITY_WARN, false},
    {"settings.init_connect", {"init_connect"}, SEVERITY_WARN, false},
    {"settings.storage_engine", {"default_storage_engine"}, SEVERITY_WARN, false},
    {"settings.full_text", {"ft_min_word_len"}, SEVERITY_WARN, false},
    {"settings.full_text", {"innodb_ft_min_token_size"}, SEVERITY_WARN, false},
    {"settings.full_text", {"innodb_ft_max_token_size"}, SEVERITY_WARN, false},
    {"settings.full_text", {"innodb_ft_enable_stopword"}, SEVERITY_WARN, false},
    {"settings.full_text", {"ngram_token_size"}, SEVERITY_WARN, false},
    {"settings.local_infile", {"local_infile"}, SEVERITY_WARN, false},
    {"settings.function_creators", {"log_bin_trust_function_creators"}, SEVERITY_WARN, false},
    {"encryption.at_rest",
     {"default_table_encryption", "innodb_encrypt_tables"},
     SEVERITY_WARN,
     false},
    {"encryption.at_rest", {"binlog_encryption", "encrypt_binlog"}, SEVERITY_WARN, false},
};

static const char *first_name(const struct survey *survey, enum side side,
                              const struct equal *equal)
{
    for (size_t i = 0; i < ARRAY_LEN(equal->names); i++)
        if (equal->names[i] != NULL && setting_exists(survey, side, equal->names[i]))
            return equal->names[i];
    return NULL;
}

static void compare_setting(const struct check_row *row, const struct survey *survey,
                            const struct equal *equal, struct findings *out)
{
    const char *old_name = first_name(survey, SIDE_OLD, equal);
    const char *new_name = first_name(survey, SIDE_NEW, equal);
    if (old_name == NULL || new_name == NULL) {
        finding_add(out, row, SEVERITY_OK, "", "%s has no %s to compare",
                    side_title(old_name == NULL ? SIDE_OLD : SIDE_NEW), equal->names[0]);
        return;
    }
    const char *old_value = setting_of(survey, SIDE_OLD, old_name);
    const char *new_value = setting_of(survey, SIDE_NEW, new_name);
    if (strcasecmp(old_value, new_value) == 0) {
        finding_add(out, row, SEVERITY_OK, "", "%s is \"%s\" on both sides", new_name, new_value);
        return;
    }
    struct finding *finding =
        finding_add(out, row, equal->severity, new_name, "OLD has \"%.150s\", NEW has \"%.150s\"",
                    old_value, new_value);
    if (equal->is_fixed)
        finding_fix(finding, "make NEW again with %s = %s: it cannot be changed later", new_name,
                    old_value);
    else
        finding_fix(finding,
                    "SET GLOBAL %s = '%s' on NEW, and in its configuration, until `retire`",
                    new_name, old_value);
}

LOOK(look_equal_setting)
{
    if (settings_untold(out, row, survey))
        return;
    for (size_t i = 0; i < ARRAY_LEN(equals); i++)
        if (strcmp(equals[i].check, row->id) == 0)
            compare_setting(row, survey, &equals[i], out);
}

/* --- settings that have one right value ------------------------------------------------------- */

static const struct demanded {
    const char *check;
    const char *names[2]; /* the first that a server has counts; without any there is no danger */
    const char *wanted;
    const char *means; /* what the other value does */
    bool is_mysql_only;
} demands[] = {
    {"binlog.checksum", {"binlog_checksum"}, "CRC32", "events travel without a checksum", false},
    {"replica.commit_order",
     {"replica_preserve_commit_order", "slave_preserve_commit_order"},
     "ON",
     "its appliers commit in any order",
     false},
    {"replica.triggers",
     {"slave_run_triggers_for_rbr"},
     "NO",
     "rows that arrive fire triggers here",
     false},
    {"replica.type_conversions",
     {"replica_type_conversions", "slave_type_conversions"},
     "",
     "values are made to fit their column",
     false},
    {"replica.skip_counter",
     {"sql_replica_skip_counter", "sql_slave_skip_counter"},
     "0",
     "the next events are passed over",
     false},
    {"replica.checksums",
     {"replica_sql_verify_checksum", "slave_sql_verify_checksum"},
     "ON",
     "the relay log is applied unchecked",
     false},
    {"node.offline", {"offline_mode"}, "OFF", "applications are thrown out", false},
    {"node.instrumented", {"performance_schema"}, "ON", "sessions cannot be told apart", true},
    {"accounts.password_lifetime",
     {"default_password_lifetime"},
     "0",
     "passwords end after so many days",
     false},
    {"settings.key_checks", {"foreign_key_checks"}, "ON", "new sessions do not check them", false},
    {"settings.key_checks", {"unique_checks"}, "ON", "new sessions do not check them", false},
};

static const char *name_there(const struct survey *survey, enum side side,
                              const char *const names[2])
{
    for (size_t i = 0; i < 2; i++)
        if (names[i] != NULL && setting_exists(survey, side, names[i]))
            return names[i];
    return NULL;
}

static bool has_value(const struct survey *survey, enum side side, const char *name,
                      const char *wanted)
{
    const char *value = setting_of(survey, side, name);
    if (strcasecmp(value, wanted) == 0)
        return true;
    return (strcmp(wanted, "ON") == 0 && strcmp(value, "1") == 0) ||
           (strcmp(wanted, "OFF") == 0 && strcmp(value, "0") == 0);
}

static void check_demand(const struct facts *facts, const struct survey *survey, enum side side,
                         const struct demanded *demand, const struct check_row *row,
                         struct findings *out)
{
    const struct node_facts *primary = facts_primary(facts, side);
    const char *name = name_there(survey, side, demand->names);
    bool is_mysql = primary != NULL && primary->version.flavour == FLAVOUR_MYSQL;
    if (name == NULL || (demand->is_mysql_only && !is_mysql) ||
        has_value(survey, side, name, demand->wanted))
        return;
    finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                            "%s is \"%.100s\", not \"%s\": %s", name,
                            setting_of(survey, side, name), demand->wanted, demand->means),
                "%s", row->how);
}

LOOK(look_demanded)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (size_t i = 0; i < ARRAY_LEN(demands); i++)
        if (strcmp(demands[i].check, row->id) == 0)
            for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
                check_demand(facts, survey, side, &demands[i], row, out);
    finding_well(out, row, before, "as it should be on both sides");
}

/* --- what makes the pause longer than it has to be, on MySQL --------------------------------- */

static bool is_mysql(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);
    return primary != NULL && primary->version.flavour == FLAVOUR_MYSQL;
}

/* Of MariaDB's 0 and 1 are the same; and of MySQL's. */
static const char *trouble_with_appliers(const struct facts *facts, enum side side,
                                         unsigned long appliers)
{
    if (appliers >= APPLIERS_ENOUGH)
        return NULL;
    if (appliers < 2)
        return "one thread applies what many sessions write at the same time";
    return is_mysql(facts, side)
               ? "while all of them wait for the disk, a core is spent on asking for a free one"
               : "as many commits wait for the disk together, where many sessions write";
}

LOOK(look_appliers)
{
    static const char *const of_mysql[2] = {"replica_parallel_workers", "slave_parallel_workers"};
    static const char *const of_mariadb[2] = {"slave_parallel_threads", "slave_parallel_threads"};
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const char *name = name_there(survey, side, is_mysql(facts, side) ? of_mysql : of_mariadb);
        if (name == NULL)
            continue;
        unsigned long appliers = strtoul(setting_of(survey, side, name), NULL, 10);
        const char *trouble = trouble_with_appliers(facts, side, appliers);
        if (trouble != NULL)
            finding_fix(finding_add(out, row, SEVERITY_NOTE, side_title(side), "%s is %lu: %s",
                                    name, appliers, trouble),
                        "%s", row->how);
    }
    finding_well(out, row, before, "there are enough of them");
}

LOOK(look_log_writers)
{
    const char *name = "innodb_log_writer_threads";
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (!is_mysql(facts, side) || !setting_exists(survey, side, name) ||
            setting_is_on(survey, side, name))
            continue;
        finding_fix(finding_add(out, row, SEVERITY_NOTE, side_title(side),
                                "%s is OFF: all commits were seen to stand still for 50 to 200 ms, "
                                "some times a minute",
                                name),
                    "%s", row->how);
    }
    finding_well(out, row, before, "commits have threads that write their log");
}

/* --- what is written down before it is acknowledged ------------------------------------------- */

/* Whoever lives with it on OLD has decided so; to get less on NEW is another matter. */
LOOK(look_durable)
{
    const char *name =
        strcmp(row->id, "durability.redo") == 0 ? "innodb_flush_log_at_trx_commit" : "sync_binlog";
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    const char *old_value = setting_of(survey, SIDE_OLD, name);
    const char *new_value = setting_of(survey, SIDE_NEW, name);
    bool is_old_safe = strcmp(old_value, "1") == 0;
    bool is_new_safe = strcmp(new_value, "1") == 0;
    if (!is_old_safe || !is_new_safe)
        finding_fix(finding_add(out, row,
                                is_old_safe && !is_new_safe ? SEVERITY_WARN : SEVERITY_NOTE, name,
                                "OLD has \"%.100s\", NEW has \"%.100s\": only 1 outlives the "
                                "death of the machine",
                                old_value, new_value),
                    "%s", row->how);
    finding_well(out, row, before, "%s is 1 on both sides", name);
}

/* --- what somebody tuned ---------------------------------------------------------------------- */

LOOK(look_tuned)
{
    static const char *const names[] = {
        "optimizer_switch",      "optimizer_search_depth",
        "optimizer_prune_level", "eq_range_index_dive_limit",
        "join_cache_level",      "optimizer_use_condition_selectivity"};
    size_t before = out->count;
    if (settings_untold(out, row, survey) ||
        finding_untold(out, row, survey, SIDE_OLD, SURVEY_EXPLICIT))
        return;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *old_value = setting_of(survey, SIDE_OLD, names[i]);
        const char *new_value = setting_of(survey, SIDE_NEW, names[i]);
        if (survey_list_find(&survey->side[SIDE_OLD].topics[SURVEY_EXPLICIT], names[i]) == NULL ||
            strcmp(old_value, new_value) == 0)
            continue;
        finding_fix(finding_add(out, row, SEVERITY_NOTE, names[i],
                                "was set on OLD (\"%.150s\"), and NEW has \"%.150s\"", old_value,
                                new_value),
                    "%s", row->how);
    }
    finding_well(out, row, before, "nobody tuned the optimizer of OLD, or NEW is tuned alike");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "upgrade.default_plugin",
     .why = "new accounts prove themselves in another way after the move",
     .how = "nothing, or the same policy on both sides",
     .source = "MySQL Reference Manual, authentication_policy",
     .worst = SEVERITY_NOTE,
     .look = look_equal_setting},
    {.id = "upgrade.table_names",
     .why = "a name that differs in case is another table on one side only",
     .how = "make NEW again with OLD's lower_case_table_names",
     .source = "MySQL Reference Manual, lower_case_table_names",
     .worst = SEVERITY_BLOCK,
     .look = look_equal_setting},
    {.id = "upgrade.timestamps",
     .why = "CREATE TABLE makes another column of the same words",
     .how = "set it on NEW as on OLD, until `retire`",
     .source = "MySQL Reference Manual, explicit_defaults_for_timestamp",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
    {.id = "upgrade.isolation",
     .why = "the application's transactions see other rows after the move",
     .how = "set it on NEW as on OLD, until `retire`",
     .source = "MySQL Reference Manual, transaction_isolation",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "upgrade.innodb_strict",
     .why = "DDL is refused on one side and accepted on the other",
     .how = "set it on NEW as on OLD, until `retire`",
     .source = "MySQL Reference Manual, innodb_strict_mode",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
    {.id = "upgrade.page_size",
     .why = "keys and rows that fit one page size do not fit another",
     .how = "make NEW again with OLD's innodb_page_size",
     .source = "MySQL Reference Manual, innodb_page_size",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
    {.id = "upgrade.default_row_format",
     .why = "indexes that fit DYNAMIC do not fit COMPACT",
     .how = "set it on NEW as on OLD, until `retire`",
     .source = "MySQL Reference Manual, innodb_default_row_format",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
    {.id = "upgrade.group_concat",
     .why = "GROUP_CONCAT cuts its answer elsewhere after the move",
     .how = "set it on NEW as on OLD, until `retire`",
     .source = "MariaDB documentation, group_concat_max_len",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "binlog.checksum",
     .why = "an event that was damaged on its way is applied as if it were right",
     .how = "SET GLOBAL binlog_checksum = CRC32, and in the configuration",
     .source = "MySQL Reference Manual, binlog_checksum",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "replica.commit_order",
     .why = "out of order a replica shows states that its source never had",
     .how = "SET GLOBAL replica_preserve_commit_order = ON, and in the configuration",
     .source = "MySQL Reference Manual, replica_preserve_commit_order",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "replica.triggers",
     .why = "rows that arrive fire triggers on this side only, and change other rows",
     .how = "SET GLOBAL slave_run_triggers_for_rbr = NO, and in the configuration",
     .source = "MariaDB documentation, Running Triggers on the Replica for Row-based Events",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "replica.type_conversions",
     .why = "a value that does not fit its column is cut instead of stopping the link",
     .how = "SET GLOBAL replica_type_conversions (slave_type_conversions) = ''",
     .source = "MySQL Reference Manual, replica_type_conversions",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "replica.skip_counter",
     .why = "the next events that arrive would be passed over",
     .how = "SET GLOBAL sql_slave_skip_counter (sql_replica_skip_counter) = 0",
     .source = "MySQL Reference Manual, sql_replica_skip_counter",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "replica.checksums",
     .why = "an event that was damaged on its way is applied as if it were right",
     .how = "SET GLOBAL slave_sql_verify_checksum (replica_sql_verify_checksum) = ON",
     .source = "MySQL Reference Manual, replica_sql_verify_checksum",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "replica.appliers",
     .why = "the lag at the fence is part of the pause, and a side that applies more slowly than "
            "the other one writes never comes near",
     .how = "stop the link, SET GLOBAL replica_parallel_workers (MariaDB: slave_parallel_threads) "
            "= 16, in the configuration, too, and start it again",
     .source = "docs/pause.md",
     .worst = SEVERITY_NOTE,
     .look = look_appliers},
    {.id = "commits.log_writers",
     .why = "a cutover that meets such a moment takes as long",
     .how = "SET GLOBAL innodb_log_writer_threads = ON, for the time of the move at least",
     .source = "docs/pause.md; MySQL Reference Manual, innodb_log_writer_threads",
     .worst = SEVERITY_NOTE,
     .look = look_log_writers},
    {.id = "durability.redo",
     .why = "what was acknowledged may be lost when the machine dies",
     .how = "SET GLOBAL innodb_flush_log_at_trx_commit = 1, and in the configuration",
     .source = "MySQL Reference Manual, innodb_flush_log_at_trx_commit",
     .worst = SEVERITY_WARN,
     .look = look_durable},
    {.id = "durability.binlog",
     .why = "after a crash a source may lack what its replicas have already applied",
     .how = "SET GLOBAL sync_binlog = 1, and in the configuration",
     .source = "MySQL Reference Manual, sync_binlog",
     .worst = SEVERITY_WARN,
     .look = look_durable},
    {.id = "node.offline",
     .why = "a server that is offline throws every application out",
     .how = "SET GLOBAL offline_mode = OFF before the flip",
     .source = "MySQL Reference Manual, offline_mode",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "node.instrumented",
     .why = "without performance_schema nobody sees who writes, and which agents are connected",
     .how = "performance_schema = ON in the configuration, then restart it",
     .source = "MySQL Reference Manual, Performance Schema Startup Configuration",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "accounts.password_lifetime",
     .why = "accounts stop working some days after the move",
     .how = "SET GLOBAL default_password_lifetime = 0, or know who changes the passwords",
     .source = "MySQL Reference Manual, default_password_lifetime",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "accounts.privileges",
     .why = "the same GRANT allows something else",
     .how = "set it on NEW as on OLD",
     .source = "MySQL Reference Manual, partial_revokes, activate_all_roles_on_login",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
    {.id = "tables.invisible_keys",
     .why = "new tables get a column on one side that they lack on the other",
     .how = "set sql_generate_invisible_primary_key alike on both sides, until `retire`",
     .source = "MySQL Reference Manual, Generated Invisible Primary Keys",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
    {.id = "settings.commit",
     .why = "the application's transactions begin or end otherwise after the move",
     .how = "set it on NEW as on OLD",
     .source = "MySQL Reference Manual, autocommit, completion_type, innodb_rollback_on_timeout",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "settings.answers",
     .why = "the same statement answers something else after the move",
     .how = "set it on NEW as on OLD",
     .source = "MySQL Reference Manual, Server System Variables",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "settings.timeouts",
     .why = "connections that wait are cut earlier, or statements wait longer, after the move",
     .how = "set it on NEW as on OLD",
     .source = "MySQL Reference Manual, wait_timeout, lock_wait_timeout",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "settings.init_connect",
     .why = "sessions begin with other settings after the move",
     .how = "set it on NEW as on OLD",
     .source = "MySQL Reference Manual, init_connect",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "settings.storage_engine",
     .why = "CREATE TABLE without an engine makes another table",
     .how = "set default_storage_engine alike on both sides",
     .source = "MySQL Reference Manual, default_storage_engine",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
    {.id = "settings.full_text",
     .why = "a search finds other words after the move",
     .how = "set it on NEW as on OLD, then build the full-text indexes again",
     .source = "MySQL Reference Manual, Fine-Tuning MySQL Full-Text Search",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "settings.local_infile",
     .why = "LOAD DATA LOCAL is refused after the move",
     .how = "SET GLOBAL local_infile as on OLD, or change the jobs that use it",
     .source = "MySQL Reference Manual, Security Considerations for LOAD DATA LOCAL",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "settings.function_creators",
     .why = "CREATE FUNCTION is refused after the move",
     .how = "set log_bin_trust_function_creators on NEW as on OLD",
     .source = "MySQL Reference Manual, Stored Program Binary Logging",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_equal_setting},
    {.id = "settings.key_checks",
     .why = "rows that break a key are let in without a word",
     .how = "SET GLOBAL foreign_key_checks and unique_checks = ON, and in the configuration",
     .source = "MySQL Reference Manual, foreign_key_checks",
     .worst = SEVERITY_WARN,
     .look = look_demanded},
    {.id = "settings.optimizer",
     .why = "somebody had a reason to tune it, and NEW has not heard of it",
     .how = "ask who set it; compare the plans of the heaviest statements",
     .source = "MySQL Reference Manual, Switchable Optimizations",
     .worst = SEVERITY_NOTE,
     .way = CHECK_WAY_THERE,
     .look = look_tuned},
    {.id = "encryption.at_rest",
     .why = "what lies encrypted on one side lies in the clear on the other",
     .how = "set it on NEW as on OLD, before the data arrives",
     .source = "MySQL Reference Manual, InnoDB Data-at-Rest Encryption; MariaDB documentation, "
               "Data-at-Rest Encryption",
     .worst = SEVERITY_WARN,
     .look = look_equal_setting},
};

const struct check_section preflight_settings = {"Settings", rows, ARRAY_LEN(rows)};
