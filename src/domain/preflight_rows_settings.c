/* SPDX-License-Identifier: MIT */
/* Settings that should be alike on both sides, have one value, or be no smaller on NEW. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight_settings.h"

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

void look_equal_setting(const struct service *service UNUSED, const struct facts *facts UNUSED,
                        const struct survey *survey, const struct check_row *row,
                        struct findings *out)
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

void look_demanded(const struct service *service UNUSED, const struct facts *facts,
                   const struct survey *survey, const struct check_row *row, struct findings *out)
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

/* --- what is written down before it is acknowledged ------------------------------------------- */

/* Whoever lives with it on OLD has decided so; to get less on NEW is another matter. */
void look_durable(const struct service *service UNUSED, const struct facts *facts UNUSED,
                  const struct survey *survey, const struct check_row *row, struct findings *out)
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

/* --- settings that should be no smaller on NEW ------------------------------------------------ */

static const struct capacity {
    const char *check;
    const char *name;
    bool is_zero_unlimited;
} capacities[] = {
    {"capacity.buffer_pool", "innodb_buffer_pool_size", false},
    {"capacity.open_files", "open_files_limit", false},
    {"capacity.open_files", "table_open_cache", false},
    {"capacity.sessions", "thread_stack", false},
    {"capacity.sessions", "max_prepared_stmt_count", false},
    {"capacity.sessions", "tmp_table_size", false},
    {"capacity.sessions", "max_heap_table_size", false},
    {"capacity.sessions", "max_user_connections", true},
    {"capacity.statement_time", "max_statement_time", true}, /* MariaDB: seconds */
    {"capacity.statement_time", "max_execution_time", true}, /* MySQL: milliseconds */
};

static bool is_less(const struct capacity *capacity, double new_value, double old_value)
{
    if (capacity->is_zero_unlimited && new_value <= 0)
        return false;
    if (capacity->is_zero_unlimited && old_value <= 0)
        return true;
    return new_value < old_value;
}

void look_smaller(const struct service *service UNUSED, const struct facts *facts UNUSED,
                  const struct survey *survey, const struct check_row *row, struct findings *out)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (size_t i = 0; i < ARRAY_LEN(capacities); i++) {
        const struct capacity *capacity = &capacities[i];
        if (strcmp(capacity->check, row->id) != 0 ||
            !setting_exists(survey, SIDE_OLD, capacity->name) ||
            !setting_exists(survey, SIDE_NEW, capacity->name))
            continue;
        const char *old_text = setting_of(survey, SIDE_OLD, capacity->name);
        const char *new_text = setting_of(survey, SIDE_NEW, capacity->name);
        if (is_less(capacity, strtod(new_text, NULL), strtod(old_text, NULL)))
            finding_fix(finding_add(out, row, SEVERITY_WARN, capacity->name,
                                    "OLD has %.60s, NEW has only %.60s", old_text, new_text),
                        "%s", row->how);
    }
    finding_well(out, row, before, "no smaller on NEW than on OLD");
}

/* --- what the status counters add ------------------------------------------------------------- */

static bool status_untold(struct findings *out, const struct check_row *row,
                          const struct survey *survey)
{
    bool is_untold = finding_untold(out, row, survey, SIDE_OLD, SURVEY_STATUS);
    return finding_untold(out, row, survey, SIDE_NEW, SURVEY_STATUS) || is_untold;
}

static uint64_t status_number(const struct survey *survey, enum side side, const char *name)
{
    const struct survey_item *item =
        survey_list_find(&survey->side[side].topics[SURVEY_STATUS], name);
    return item == NULL ? 0 : strtoull(item->value, NULL, 10);
}

void look_connections(const struct service *service UNUSED, const struct facts *facts UNUSED,
                      const struct survey *survey, const struct check_row *row,
                      struct findings *out)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey) || status_untold(out, row, survey))
        return;
    uint64_t old_room = strtoull(setting_of(survey, SIDE_OLD, "max_connections"), NULL, 10);
    uint64_t new_room = strtoull(setting_of(survey, SIDE_NEW, "max_connections"), NULL, 10);
    uint64_t used = status_number(survey, SIDE_OLD, "Max_used_connections");
    if (new_room < old_room || used > new_room - new_room / 10)
        finding_fix(finding_add(out, row, SEVERITY_WARN, "max_connections",
                                "OLD has %" PRIu64 " and has used %" PRIu64
                                " at once, NEW has %" PRIu64,
                                old_room, used, new_room),
                    "%s", row->how);
    finding_well(out, row, before, "NEW takes %" PRIu64 " connections, OLD has used %" PRIu64,
                 new_room, used);
}

void look_warm(const struct service *service UNUSED, const struct facts *facts UNUSED,
               const struct survey *survey, const struct check_row *row, struct findings *out)
{
    const uint64_t large_bytes = 1ULL << 30; /* less than that is read in seconds */
    size_t before = out->count;
    if (status_untold(out, row, survey))
        return;
    uint64_t old_bytes = status_number(survey, SIDE_OLD, "Innodb_buffer_pool_bytes_data");
    uint64_t new_bytes = status_number(survey, SIDE_NEW, "Innodb_buffer_pool_bytes_data");
    if (old_bytes >= large_bytes && new_bytes < old_bytes / 2)
        finding_fix(finding_add(out, row, SEVERITY_NOTE, "buffer pool",
                                "OLD has %" PRIu64 " MB in memory, NEW %" PRIu64 " MB",
                                old_bytes >> 20, new_bytes >> 20),
                    "%s", row->how);
    finding_well(out, row, before, "NEW is as warm as OLD, or the data is small");
}

void look_temporary(const struct service *service UNUSED, const struct facts *facts UNUSED,
                    const struct survey *survey, const struct check_row *row, struct findings *out)
{
    size_t before = out->count;
    if (status_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        uint64_t open = status_number(survey, side, "Replica_open_temp_tables") +
                        status_number(survey, side, "Slave_open_temp_tables");
        if (open > 0)
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "its applier holds %" PRIu64 " temporary tables", open),
                        "%s", row->how);
    }
    finding_well(out, row, before, "no applier holds a temporary table");
}

/* --- what somebody tuned ---------------------------------------------------------------------- */

void look_tuned(const struct service *service UNUSED, const struct facts *facts UNUSED,
                const struct survey *survey, const struct check_row *row, struct findings *out)
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
